"""Real files in a temporary folder: one line each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from studio.errors import ReadingError
from studio.reading import Fields, read_files
from studio.records import Document, Reading

Write = Callable[[str, str | bytes], Path]
Read = Callable[..., Reading]
One = Callable[[str, str | bytes], Document]
Refusal = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written


@pytest.fixture
def read(write: Write) -> Read:
    """read({"a.txt": "text", ...}, **fields): the files written and read in that order."""

    def reading(files: dict[str, str | bytes], **fields: str) -> Reading:
        return read_files([write(*item) for item in files.items()], Fields(**fields))

    return reading


@pytest.fixture
def one(read: Read) -> One:
    def document(name: str, content: str | bytes) -> Document:
        [only] = read({name: content}).documents
        return only

    return document


@pytest.fixture
def refusal(read: Read) -> Refusal:
    """The sentence with which the files are refused."""

    def sentence(files: dict[str, str | bytes], **fields: str) -> str:
        with pytest.raises(ReadingError) as refused:
            read(files, **fields)
        return str(refused.value)

    return sentence
