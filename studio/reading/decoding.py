"""From bytes to text: which encoding a file has, and the sentence that tells so.

Knows nothing of what the text means; HTML passes in the charset that its <meta> declares.
"""

from __future__ import annotations

import codecs
import re

import charset_normalizer

from studio.errors import ReadingError
from studio.reading.content import File

# Longest first: the UTF-32 mark begins with the UTF-16 one.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# Only those that no text begins with; other binary formats are found by their NUL bytes.
_SIGNATURES = {
    b"%PDF-": "a PDF; rename it to end in .pdf",
    b"PK\x03\x04": "a zip archive or an office document; rename it (.docx) or unpack it",
    b"\x1f\x8b\x08": "a gzip archive; unpack it",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive; unpack it",
    b"\x89PNG\r\n": "a picture; choose a text file",
    b"\xff\xd8\xff": "a picture; choose a text file",
    b"\xd0\xcf\x11\xe0": "an old Office document; save it as .docx or .txt",
}
_NAMES = {
    "utf-8-sig": "UTF-8 with a byte order mark",
    "cp1252": "latin-1 (cp1252)",
    "cp932": "Shift-JIS (cp932)",
    "shift_jis": "Shift-JIS",
    "cp949": "EUC-KR (cp949)",
    "gb18030": "GB18030",
    "big5": "Big5",
    "utf-16": "UTF-16",
    "utf-32": "UTF-32",
}
# As browsers do it: the narrow label means the wider encoding that contains it.
_WIDER = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
# What browsers know. The DOS and Mac pages would only be guessed in place of these.
_CANDIDATES = [
    *(f"cp125{digit}" for digit in range(9)),
    *("cp874", "cp932", "cp949", "iso8859_2", "koi8_r"),
    *("big5", "euc_jp", "gb18030", "iso2022_jp"),
]
# ASCII, and what cp1252 text in French, German, Spanish, Italian, Portuguese, Nordic may hold.
_WESTERN = re.compile(
    r"[\x00-\x7fÀ-ÏÑ-ÖØ-Üß-ïñ-öø-üŒœ€«»¿¡°§©®ºª£\xa0"
    r"\u2018\u2019\u201c\u201d\u201e\u2013\u2014\u2026]*"
)
_ESCAPE = b"\x1b$"  # ISO-2022 writes Japanese in ASCII bytes after this, so it passes for UTF-8
_DAMAGE = 0.2  # share of bad bytes in all that is not ASCII up to which it is still UTF-8
_DOUBT = 0.15  # coherence below which charset-normalizer recognised no language


def decode(file: File, declared: str = "") -> tuple[str, tuple[str, ...]]:
    """The file's text, and a note where it is not plain UTF-8."""
    for mark, encoding in _MARKS.items():
        if file.raw.startswith(mark):
            return _marked(file, encoding)
    _refuse_binary(file)
    text = _attempt(file.raw, "utf-8")
    if text is not None and not (_ESCAPE in file.raw and text.isascii()):
        return text, ()
    return _declared(file, declared) or _damaged(file) or _detected(file)


def _marked(file: File, encoding: str) -> tuple[str, tuple[str, ...]]:
    text = _attempt(file.raw, encoding)
    if text is None:
        raise ReadingError(
            f"{file.name} begins as {_NAMES.get(encoding, 'UTF-8')} but cannot be decoded as such. "
            "Save it again as UTF-8."
        )
    return text, _note(file, encoding)


def _refuse_binary(file: File) -> None:
    for signature, what in _SIGNATURES.items():
        if file.raw.startswith(signature):
            raise ReadingError(f"{file.name} is not a text file but {what}.")
    if b"\0" in file.raw:
        raise ReadingError(
            f"{file.name} is a binary file, not a text (it holds NUL bytes). "
            "Choose a text file, or save it as UTF-8."
        )


def _attempt(raw: bytes, encoding: str) -> str | None:
    """The text, or None where it is not in that encoding, or there is no such encoding."""
    try:
        return raw.decode(encoding)
    except (UnicodeError, LookupError):
        return None


def _declared(file: File, declared: str) -> tuple[str, tuple[str, ...]] | None:
    try:
        name = codecs.lookup(declared).name
    except LookupError:
        return None
    if name.startswith("utf"):  # UTF-8 has failed already, and a readable <meta> rules out UTF-16
        return None
    name = _WIDER.get(name, name)
    text = _attempt(file.raw, name)
    return None if text is None else (text, _note(file, name))


def _damaged(file: File) -> tuple[str, tuple[str, ...]] | None:
    """UTF-8 with a few bad bytes: no other encoding forms so many valid sequences by chance."""
    text = file.raw.decode("utf-8", errors="replace")
    bad = text.count("\N{REPLACEMENT CHARACTER}")
    beyond_ascii = len(text) - len(text.encode("ascii", errors="ignore"))
    if _ESCAPE in file.raw or bad > _DAMAGE * beyond_ascii:
        return None
    return text, (f"{file.name} was read as UTF-8; invalid bytes ({bad}) were replaced by �.",)


def _detected(file: File) -> tuple[str, tuple[str, ...]]:
    matches = charset_normalizer.from_bytes(file.raw, cp_isolation=_CANDIDATES)
    best = matches.best()
    if best is None:
        raise ReadingError(
            f"{file.name} is a binary file, or its encoding cannot be recognised. "
            "Save it as UTF-8 text."
        )
    # Among encodings that differ in a few letters charset-normalizer takes the first by name, so
    # French would be Polish; where it is undecided, western letters mean a western text.
    western = _attempt(file.raw, "cp1252")
    equal = any(
        "cp1252" in match.could_be_from_charset and match.coherence >= best.coherence
        for match in matches
    )
    undecided = equal or best.coherence < _DOUBT
    if western and undecided and not file.raw.isascii() and _WESTERN.fullmatch(western):
        return western, _note(file, "cp1252")
    return str(best), _note(file, best.encoding)


def _note(file: File, encoding: str) -> tuple[str, ...]:
    return (f"{file.name} was read as {_NAMES.get(encoding, encoding)}.",)
