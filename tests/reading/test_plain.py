from __future__ import annotations

import pytest

from .conftest import One, Refusal


def test_a_text_file_is_one_document_titled_by_its_name(one: One) -> None:
    document = one("my notes.txt", "First.\n\nSecond.\n")
    assert (document.title, document.text) == ("my notes", "First.\n\nSecond.")


def test_white_space_alone_is_refused(refusal: Refusal) -> None:
    assert refusal({"a.txt": " \n\t\n"}) == "a.txt holds no text. Choose another file."


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# Das Café #\n\ntext", "Das Café"),
        ("intro\n\n## 二番目\n", "二番目"),
        ("Underlined\n=====\n\n# Later", "Underlined"),
        ("```\n# a comment\n```\n\n# Real\n", "Real"),
        ("#hashtag\n\ntext", "a"),
        ("no heading", "a"),
    ],
)
def test_the_first_heading_titles_a_markdown_file(one: One, text: str, title: str) -> None:
    document = one("a.md", text)
    assert (document.title, document.text) == (title, text.strip())


@pytest.mark.parametrize(
    "front",
    [
        "---\ntitle: x\ntags: [a]\n---\n",
        "---\n# note\ntitle: x\n...\n",
        '+++\ntitle = "x"\n+++\n',
    ],
)
def test_front_matter_is_dropped(one: One, front: str) -> None:
    assert one("a.md", f"{front}\n# Title\n\ntext").text == "# Title\n\ntext"


def test_a_rule_at_the_top_is_not_front_matter(one: One) -> None:
    text = "---\nA sentence, no key.\n\n---\n\nMore."
    assert one("a.md", text).text == text


def test_front_matter_alone_is_refused(refusal: Refusal) -> None:
    assert "a.md holds no text" in refusal({"a.md": "---\ntitle: x\n---\n"})
