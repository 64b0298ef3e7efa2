from __future__ import annotations

import codecs
import random

import pytest

from .conftest import One, Read, Refusal

FRENCH = "Le café de la gare était fermé. Où est la bibliothèque des élèves ?"
RUSSIAN = "Съешь же ещё этих мягких французских булок, да выпей чаю."
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"
CHINESE = "我们今天去图书馆看书，然后回家吃饭。天气很好。"


@pytest.mark.parametrize(
    "text", [FRENCH, RUSSIAN, JAPANESE, CHINESE, "مرحبا بالعالم", "Grüße 👋🏽"]
)
def test_plain_utf_8_is_read_without_a_word(read: Read, text: str) -> None:
    reading = read({"a.txt": text})
    assert reading.documents[0].text == text
    assert reading.notes == ()


def test_a_utf_8_byte_order_mark_is_dropped_and_said(read: Read) -> None:
    reading = read({"a.csv": codecs.BOM_UTF8 + "id,text\nd1,Grüße\n".encode()})
    assert (reading.documents[0].id, reading.documents[0].text) == ("d1", "Grüße")
    assert reading.notes == ("a.csv was read as UTF-8 with a byte order mark.",)


@pytest.mark.parametrize(
    ("mark", "encoding", "name"),
    [
        (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
        (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    ],
)
def test_wide_encodings_with_a_mark_are_read_and_said(
    read: Read, mark: bytes, encoding: str, name: str
) -> None:
    reading = read({"notes.txt": mark + JAPANESE.encode(encoding)})
    assert reading.documents[0].text == JAPANESE
    assert reading.notes == (f"notes.txt was read as {name}.",)


@pytest.mark.parametrize(
    ("text", "encoding", "name"),
    [
        (FRENCH, "latin-1", "latin-1 (cp1252)"),
        ("Café crème", "latin-1", "latin-1 (cp1252)"),
        ("„Schöne Grüße“ – sagte er", "cp1252", "latin-1 (cp1252)"),
        (RUSSIAN, "cp1251", "cp1251"),
        (JAPANESE, "shift_jis", "Shift-JIS (cp932)"),
        (JAPANESE, "iso2022_jp", "iso2022_jp"),
        (CHINESE, "gb18030", "GB18030"),
    ],
)
def test_older_encodings_are_recognised_and_said(
    read: Read, text: str, encoding: str, name: str
) -> None:
    reading = read({"notes.txt": text.encode(encoding)})
    assert reading.documents[0].text == text
    assert reading.notes == (f"notes.txt was read as {name}.",)


def test_tables_say_their_encoding_too(read: Read) -> None:
    reading = read({"a.csv": f"id;text\n1;{FRENCH}\n".encode("cp1252")})
    assert reading.documents[0].text == FRENCH
    assert reading.notes == ("a.csv was read as latin-1 (cp1252).",)


def test_utf_8_with_one_bad_byte_stays_utf_8(read: Read) -> None:
    reading = read({"a.txt": JAPANESE.encode() + b"\xff!"})
    assert reading.documents[0].text == JAPANESE + "�!"
    assert reading.notes == ("a.txt was read as UTF-8; invalid bytes (1) were replaced by �.",)


def test_nul_bytes_without_a_mark_mean_a_binary_file(refusal: Refusal) -> None:
    assert refusal({"a.txt": b"MZ\x00\x01\x02"}) == (
        "a.txt is a binary file, not a text (it holds NUL bytes). "
        "Choose a text file, or save it as UTF-8."
    )


@pytest.mark.parametrize(
    ("begin", "what"),
    [
        (b"%PDF-1.7\n", "a PDF; rename it to end in .pdf"),
        (b"PK\x03\x04", "a zip archive or an office document"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"\x1f\x8b\x08\x08", "a gzip archive; unpack it"),
    ],
)
def test_a_known_binary_format_is_called_by_its_name(
    refusal: Refusal, begin: bytes, what: str
) -> None:
    assert f"a.txt is not a text file but {what}" in refusal({"a.txt": begin + b"more"})


def test_noise_is_refused(refusal: Refusal) -> None:
    noise = random.Random(0).randbytes(3000).replace(b"\0", b"")
    assert refusal({"a.txt": noise}) == (
        "a.txt is a binary file, or its encoding cannot be recognised. Save it as UTF-8 text."
    )


def test_half_a_utf_16_file_is_refused(refusal: Refusal) -> None:
    sentence = refusal({"a.txt": codecs.BOM_UTF16_LE + b"a\x00\x00\xd8"})
    assert sentence.startswith("a.txt begins as UTF-16 but cannot be decoded as such.")


def test_controls_go_and_line_ends_become_one_kind(one: One) -> None:
    text = "a\x07b\r\nc\rd\te\x0cf\u200cg\x7f"
    assert one("a.txt", text).text == "ab\nc\nd\te\nf\u200cg"


def test_nothing_is_normalised(one: One) -> None:
    assert one("a.txt", "e\u0301 ﬁ").text == "e\u0301 ﬁ"
