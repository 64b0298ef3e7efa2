from __future__ import annotations

import io
import zipfile

import docx
import pytest
from docx.oxml import OxmlElement
from pypdf import PdfWriter

from studio.reading import office

from .conftest import One, Read, Refusal


def pdf(*pages: str, title: str = "", password: str | None = None) -> bytes:
    """A PDF whose pages show these lines; written by hand, then passed through pypdf's writer."""
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for i, page in enumerate(pages):
        shown = "".join(f"({line}) Tj T* " for line in page.split("\n")) if page else ""
        stream = f"BT /F1 12 Tf 14 TL 72 720 Td {shown}ET"
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources "
            f"<< /Font << /F1 3 0 R >> >> /Contents {5 + 2 * i} 0 R >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    raw, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(raw))
        raw += f"{number} 0 obj\n{body}\nendobj\n".encode("cp1252")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n"
    raw += f"{end}startxref\n{len(raw)}\n%%EOF\n".encode()
    return raw if not title and password is None else rewritten(raw, title, password)


def rewritten(raw: bytes, title: str, password: str | None) -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(raw))
    if title:
        writer.add_metadata({"/Title": title})
    if password is not None:
        writer.encrypt(password, "owner", algorithm="RC4-128")  # AES would need cryptography
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def saved(document: docx.document.Document) -> bytes:
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def test_the_pages_of_a_pdf_are_joined_by_a_blank_line(one: One) -> None:
    document = one("a.pdf", pdf("Größe zählt.\nSecond line.", "Page two."))
    assert document.text == "Größe zählt.\nSecond line.\n\nPage two."
    assert (document.id, document.title) == ("a.pdf", "a")


def test_a_pdf_may_carry_its_title(one: One) -> None:
    assert one("a.pdf", pdf("text", title="Über Katzen")).title == "Über Katzen"


def test_words_hyphenated_at_a_line_end_are_healed(one: One) -> None:
    text = one("a.pdf", pdf("infor-\nmation of Jean-\nPaul, 1999-\n2001")).text
    assert text == "information of Jean-Paul, 1999-\n2001"


def test_pages_without_text_are_told(read: Read) -> None:
    reading = read({"a.pdf": pdf("text", "", "")})
    assert reading.documents[0].text == "text"
    assert reading.notes == ("a.pdf: 2 pages without text left out (images?).",)


def test_a_scanned_pdf_is_refused(refusal: Refusal) -> None:
    sentence = "a.pdf holds no text, 3 pages of images; run OCR first."
    assert refusal({"a.pdf": pdf("", "", "")}) == sentence
    assert "1 page of images" in refusal({"b.pdf": pdf("")})


def test_an_encrypted_pdf_is_refused(refusal: Refusal) -> None:
    sentence = "a.pdf is encrypted; save it without a password."
    assert refusal({"a.pdf": pdf("secret", password="word")}) == sentence


def test_a_pdf_that_the_empty_password_opens_is_read(one: One) -> None:
    assert one("a.pdf", pdf("open to all", password="")).text == "open to all"


@pytest.mark.parametrize("raw", [b"no pdf", pdf("text")[:120], b"%PDF-1.4\n" + b"\xff" * 500])
def test_a_broken_pdf_is_refused(refusal: Refusal, raw: bytes) -> None:
    assert refusal({"a.pdf": raw}) == (
        "a.pdf is damaged or not a PDF. Open it in a PDF viewer and save it again."
    )


def test_paragraphs_and_tables_of_word_come_in_order(one: One) -> None:
    document = docx.Document()
    document.add_paragraph("Vorwort")
    document.add_heading("Über Katzen", level=1)
    document.add_paragraph("吾輩は猫である。")
    table = document.add_table(rows=2, cols=3)
    for cell, text in zip([*table.rows[0].cells, *table.rows[1].cells], "abcdef", strict=True):
        cell.text = text
    table.cell(0, 0).merge(table.cell(0, 1))
    document.add_paragraph("Ende")
    read = one("a.docx", saved(document))
    assert read.title == "Über Katzen"
    assert read.text == "Vorwort\n\nÜber Katzen\n\n吾輩は猫である。\n\na b\tc\nd\te\tf\n\nEnde"


def test_the_properties_title_a_word_document_first(one: One) -> None:
    document = docx.Document()
    document.add_heading("Heading")
    document.core_properties.title = "Property"
    assert one("a.docx", saved(document)).title == "Property"


def test_a_word_document_without_headings_is_titled_by_its_name(one: One) -> None:
    document = docx.Document()
    document.add_paragraph("text")
    assert one("a.docx", saved(document)).title == "a"


@pytest.mark.parametrize("tags", [("w:ins",), ("w:sdt", "w:sdtContent")])
def test_insertions_and_content_controls_of_word_are_read(one: One, tags: tuple[str, ...]) -> None:
    document = docx.Document()
    run = document.add_paragraph("old ").add_run("new")._r
    for tag in reversed(tags):
        wrapper = OxmlElement(tag)
        run.addprevious(wrapper)
        wrapper.append(run)
        run = wrapper
    assert one("a.docx", saved(document)).text == "old new"


def test_an_empty_word_document_is_refused(refusal: Refusal) -> None:
    assert "a.docx holds no text" in refusal({"a.docx": saved(docx.Document())})


def test_a_docx_that_is_no_archive_is_refused(refusal: Refusal) -> None:
    assert refusal({"a.docx": b"\xd0\xcf\x11\xe0 old"}) == (
        "a.docx is not a .docx file: it may be damaged, an old .doc, or protected by a "
        "password. Save it as .docx without a password."
    )


def archive(name: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr(name, "<x/>" * 1000)
    return written.getvalue()


@pytest.mark.parametrize("name", ["hello.txt", "[Content_Types].xml"])
def test_an_archive_that_is_no_word_document_is_refused(refusal: Refusal, name: str) -> None:
    sentence = refusal({"a.docx": archive(name)})
    assert sentence.startswith("a.docx is damaged or not a Word document.")


def test_an_archive_that_unpacks_beyond_measure_is_refused(
    refusal: Refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office, "_UNPACKED", 1000)
    assert "a.docx unpacks to" in refusal({"a.docx": archive("word/document.xml")})
