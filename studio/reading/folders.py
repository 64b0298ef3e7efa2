"""From paths to the files behind them: folders opened, sizes checked before a byte is read.

Knows which endings are wanted, because it is told; not what the files hold.
"""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from studio.errors import ReadingError
from studio.reading.content import File

_CORPUS = "corpus.jsonl"  # BEIR: queries and judgements lie beside it


def expand(
    paths: Sequence[Path], suffixes: Collection[str]
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """The files behind the paths, each folder in sorted order, and notes on what is left out."""
    files: list[Path] = []
    notes: list[str] = []
    for path in paths:
        inside, told = _below(path, suffixes) if path.is_dir() else ([path], ())
        files.extend(inside)
        notes.extend(told)
    return tuple(files), tuple(notes)


def load(path: Path, suffixes: Collection[str], limit: int) -> File:
    """The file's bytes, where it exists, has a known ending, and is neither empty nor too big."""
    _check(path, suffixes, limit)
    try:
        return File(path.name, path.read_bytes())
    except OSError as error:
        raise ReadingError(
            f"{path.name} cannot be read: {error.strerror}. Check its permissions."
        ) from error


def _check(path: Path, suffixes: Collection[str], limit: int) -> None:
    if not path.is_file():
        raise ReadingError(f"There is no file {path.name}. Check its name and folder.")
    if path.suffix.lower() not in suffixes:
        raise ReadingError(
            f"{path.name} cannot be read: its name must end in one of {' '.join(suffixes)}."
        )
    size = path.stat().st_size
    if not size:
        raise ReadingError(f"{path.name} is empty (0 bytes). Choose a file that holds text.")
    if size > limit:
        # Rounded up, so that one byte too many does not read as "100.0 of 100 MB".
        raise ReadingError(
            f"{path.name} has {math.ceil(size / 2**20 * 10) / 10:.1f} MB; a file may have at most "
            f"{limit / 2**20:g} MB. Split it into smaller files."
        )


def _below(folder: Path, suffixes: Collection[str]) -> tuple[list[Path], tuple[str, ...]]:
    if (folder / _CORPUS).is_file():
        return [folder / _CORPUS], (f"Of the folder {folder.name} only {_CORPUS} was read.",)
    every = sorted(_visible(folder))
    files = [path for path in every if path.suffix.lower() in suffixes]
    if not files:
        raise ReadingError(
            f"The folder {folder.name} holds no file that can be read. Their names must end in "
            f"one of {' '.join(suffixes)}."
        )
    return files, _left_out(folder, len(every) - len(files), suffixes)


def _visible(folder: Path) -> Iterator[Path]:
    """Files below the folder, without hidden ones and Word's lock files; links are not followed."""
    for place, inner, names in os.walk(folder):
        inner[:] = [name for name in inner if not name.startswith(".")]
        for name in names:
            if not name.startswith((".", "~$")):
                yield Path(place, name)


def _left_out(folder: Path, count: int, suffixes: Collection[str]) -> tuple[str, ...]:
    were = "1 file was" if count == 1 else f"{count} files were"
    note = f"In the folder {folder.name} {were} left out: not {' '.join(suffixes)}."
    return (note,) if count else ()
