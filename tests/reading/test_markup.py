from __future__ import annotations

import pytest

from .conftest import One, Read, Refusal


def test_blocks_stay_apart_and_invisible_parts_go(one: One) -> None:
    page = (
        "<html><head><title> The\n title </title><style>p {}</style></head><body>"
        "<nav>menu</nav><h1>Heading</h1><p>One <b>bold</b>\n word.<!-- no --><p>Two<br>lines."
        "<script>x()</script><template><p>no</p></template><div>Three<ul><li>a<li>b</ul></div>"
    )
    document = one("a.html", page)
    assert document.title == "The title"
    assert document.text == "Heading\n\nOne bold word.\n\nTwo\nlines.\n\nThree\n\na\n\nb"


def test_a_table_keeps_its_rows_and_cells(one: One) -> None:
    page = "<p>x</p><table>\n<tr><th>Stadt <th>Land\n<tr>\n<td>Köln<td>DE</table><p>y"
    assert one("a.html", page).text == "x\n\nStadt\tLand\nKöln\tDE\n\ny"


def test_preformatted_lines_survive(one: One) -> None:
    assert one("a.htm", "<p>x<pre>def f():\npass</pre>").text == "x\n\ndef f():\npass"


def test_entities_are_characters(one: One) -> None:
    assert one("a.html", "<p>caf&eacute; &lt;b&gt; &#x732b;").text == "café <b> 猫"


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("<h2>no</h2><h1>The <i>first</i></h1>", "The first"),
        ("<p>x", "a"),
        ("<title></title>x", "a"),
    ],
)
def test_without_a_title_the_first_h1_or_the_name_serves(one: One, page: str, title: str) -> None:
    assert one("a.html", page).title == title


@pytest.mark.parametrize(
    "meta",
    ['<meta charset="Shift_JIS">', '<meta http-equiv=x content="text/html; charset=shift_jis">'],
)
def test_the_declared_charset_is_used_and_said(read: Read, meta: str) -> None:
    reading = read({"a.html": f"{meta}<p>猫".encode("shift_jis")})
    assert reading.documents[0].text == "猫"
    assert reading.notes == ("a.html was read as Shift-JIS (cp932).",)


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "nonsense", "hex"])
def test_a_wrong_charset_is_not_believed(read: Read, charset: str) -> None:
    page = f"<meta charset={charset}><p>Le café était fermé, où est la bibliothèque ?"
    reading = read({"a.html": page.encode("cp1252")})
    assert reading.documents[0].text == "Le café était fermé, où est la bibliothèque ?"
    assert reading.notes == ("a.html was read as latin-1 (cp1252).",)


def test_utf_8_under_a_stale_charset_is_read_as_utf_8(one: One) -> None:
    assert one("a.html", "<meta charset=iso-8859-1><p>Grüße").text == "Grüße"


def test_a_page_of_scripts_is_refused(refusal: Refusal) -> None:
    assert "a.html holds no text" in refusal({"a.html": "<title>App</title><script>run()</script>"})
