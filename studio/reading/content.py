"""What a reader receives (a `File`) and returns (`Content`), and how text is cleaned.

Knows no file format and no disk: `File` is a name with its bytes. Whether ids are unique across
files is decided in `identity`, because only there all files are known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath

from studio.errors import ReadingError

# C0 and C1 controls are layout or rubbish. Those that end a line or a page become line breaks, so
# that no two words grow together; format characters (Cf: ZWNJ, bidi marks) carry meaning: kept.
_BREAK = re.compile("\r\n|[\r\x0b\x0c\x85]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON may hold half a pair, which UTF-8 cannot write


@dataclass(frozen=True)
class File:
    """A file's own name, without its folder, and all its bytes."""

    name: str
    raw: bytes

    @property
    def stem(self) -> str:
        return PurePath(self.name).stem

    @property
    def suffix(self) -> str:
        return PurePath(self.name).suffix.lower()


@dataclass(frozen=True)
class Entry:
    """A document to be. `given`: the id is the user's own, so it must not be changed."""

    id: str
    text: str
    title: str = ""
    language: str = ""
    place: str = ""
    given: bool = False


@dataclass(frozen=True)
class Content:
    """What one file holds, and what its reader wants to tell about it."""

    entries: tuple[Entry, ...]
    notes: tuple[str, ...] = ()


def clean(text: str) -> str:
    """The text without control characters and outer white space, its lines ended by \\n."""
    text = _CONTROL.sub("", _BREAK.sub("\n", text))
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text).strip()


def one_line(text: str) -> str:
    """The text cleaned and on a single line, as a title or an id has to be."""
    return " ".join(clean(text).split())


def whole(file: File, text: str, title: str = "", notes: tuple[str, ...] = ()) -> Content:
    """The file as one document, named after the file."""
    if not (text := clean(text)):
        raise ReadingError(f"{file.name} holds no text. Choose another file.")
    title = one_line(title) or one_line(file.stem)
    return Content((Entry(one_line(file.name), text, title),), notes)
