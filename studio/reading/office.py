"""PDF and Word documents: their text in reading order, and why there may be none.

Knows no layout and recognises no pictures. pypdf and python-docx raise whatever comes first on a
damaged file (KeyError, TypeError, zlib.error ...), so any exception of theirs is the file's fault.
"""

from __future__ import annotations

import io
import logging
import re
import zipfile

import docx
from docx.document import Document as WordDocument
from docx.table import Table
from docx.text.paragraph import Paragraph
from pypdf import PasswordType, PdfReader

from studio.errors import ReadingError
from studio.reading.content import Content, File, clean, whole

logging.getLogger("pypdf").setLevel(logging.ERROR)  # what it mends on the way is no news
_UNPACKED = 2**30  # bytes; a .docx that unpacks to more is an attack or holds no readable text
_NO_TITLE = "Word Document"  # what python-docx answers where a file has no properties at all
_HYPHEN = re.compile(r"(?<=[^\W\d_])(?:-|\u00ad|\u2010)\n(?=([^\W\d_]))")
# Elements around text that python-docx passes over: content controls, accepted insertions.
_WRAPPERS = ".//w:sdtContent | .//w:sdt | .//w:ins | .//w:smartTag"


def read_pdf(file: File) -> Content:
    """A .pdf file: its pages, with a blank line between them."""
    try:
        title, pages = _pdf_text(file)
    except ReadingError:
        raise
    except Exception as error:
        raise ReadingError(
            f"{file.name} is damaged or not a PDF. Open it in a PDF viewer and save it again."
        ) from error
    full = [page for page in pages if page]
    if not full:
        raise ReadingError(
            f"{file.name} holds no text, {_count(len(pages))} of images; run OCR first."
        )
    return whole(file, "\n\n".join(full), title, _blank_pages(file, len(pages) - len(full)))


def _pdf_text(file: File) -> tuple[str, list[str]]:
    reader = PdfReader(io.BytesIO(file.raw))
    if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
        raise _encrypted(file)
    pages = [_healed(clean(page.extract_text())) for page in reader.pages]
    title = reader.metadata.title if reader.metadata else ""
    return str(title or ""), pages


def _encrypted(file: File) -> ReadingError:
    return ReadingError(f"{file.name} is encrypted; save it without a password.")


def _healed(text: str) -> str:
    """Words hyphenated at the end of a line made whole; before a capital the hyphen is real."""
    return _HYPHEN.sub(lambda found: "-" if found[1].isupper() else "", text)


def _blank_pages(file: File, blank: int) -> tuple[str, ...]:
    return (f"{file.name}: {_count(blank)} without text left out (images?).",) if blank else ()


def _count(pages: int) -> str:
    return "1 page" if pages == 1 else f"{pages} pages"


def read_docx(file: File) -> Content:
    """A .docx file: its paragraphs and tables in order, without headers, footers and notes."""
    _check_archive(file)
    try:
        document = docx.Document(io.BytesIO(file.raw))
        _unwrap(document)
        title, blocks = _docx_title(document), _blocks(document)
    except Exception as error:
        raise ReadingError(
            f"{file.name} is damaged or not a Word document. Open it in Word or LibreOffice and "
            "save it again as .docx."
        ) from error
    return whole(file, "\n\n".join(blocks), title)


def _check_archive(file: File) -> None:
    archive = io.BytesIO(file.raw)
    if not zipfile.is_zipfile(archive):
        raise ReadingError(
            f"{file.name} is not a .docx file: it may be damaged, an old .doc, or protected by a "
            "password. Save it as .docx without a password."
        )
    try:
        unpacked = sum(part.file_size for part in zipfile.ZipFile(archive).infolist())
    except zipfile.BadZipFile as error:
        raise ReadingError(f"{file.name} is damaged. Save it again as .docx.") from error
    if unpacked > _UNPACKED:
        raise ReadingError(
            f"{file.name} unpacks to {unpacked / 2**20:,.0f} MB; a Word document may unpack to "
            f"{_UNPACKED / 2**20:,.0f} MB. Save its text as .txt."
        )


def _unwrap(document: WordDocument) -> None:
    # Inner wrappers first, so that an outer one lifts what has been lifted already.
    for wrapper in reversed(document.element.xpath(_WRAPPERS)):
        for child in list(wrapper):
            wrapper.addprevious(child)
        wrapper.getparent().remove(wrapper)


def _docx_title(document: WordDocument) -> str:
    title = str(document.core_properties.title).strip()
    if title and title != _NO_TITLE:
        return title
    headings = (
        paragraph.text
        for paragraph in document.paragraphs
        if paragraph.text.strip() and _is_heading(paragraph)
    )
    return next(headings, "")


def _is_heading(paragraph: Paragraph) -> bool:
    style = paragraph.style
    return style is not None and (style.name or "").startswith(("Title", "Heading"))


def _blocks(document: WordDocument) -> list[str]:
    blocks = (
        _table_text(block) if isinstance(block, Table) else block.text
        for block in document.iter_inner_content()
    )
    return [block for block in blocks if block.strip()]


def _table_text(table: Table) -> str:
    """A line per row, a tab between cells; a merged cell once, though python-docx repeats it."""
    seen: set[object] = set()
    lines = []
    for row in table.rows:
        cells = {cell._tc: " ".join(cell.text.split()) for cell in row.cells}
        lines.append("\t".join(text for cell, text in cells.items() if cell not in seen))
        seen.update(cells)
    return "\n".join(line for line in lines if line.strip())
