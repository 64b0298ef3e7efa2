"""What every layout comes down to: lines of a corpus, lines of queries, judgements by split.

Lines are BEIR's: `_id`, `title`, `text`, perhaps `language` and `kind`; `file` and `line` say where
one stands. Whoever makes them checks that ids are there and distinct.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.errors import ReadingError

Qrels = dict[str, dict[str, int]]
Line = dict[str, str]
Judgements = tuple[str, Qrels, Path]
"""A split, its judgements, and the file that they stand in."""
# Up to six digits: pytrec_eval makes an array as long as the highest grade.
WHOLE = re.compile(r"\s*[+-]?\d{1,6}\s*")


@dataclass(frozen=True)
class Parts:
    """A collection in files; `judgements` takes the split asked for, None for the usual one."""

    corpus: Iterable[Line]
    queries: Iterable[Line]
    judgements: Callable[[str | None], Judgements]


@dataclass(frozen=True)
class Layout:
    """Whether a folder is of it, and what such a folder holds."""

    recognises: Callable[[Path], bool]
    parts: Callable[[Path], Parts]


def distinct(lines: Iterable[Line]) -> Iterator[Line]:
    """The lines. Raises ReadingError where an id is empty or stands there twice."""
    seen: set[str] = set()
    for line in lines:
        where = f"{line['file']}, line {line['line']}"
        if not line["_id"].strip():
            raise ReadingError(f"{where}: the id is empty.")
        if line["_id"] in seen:
            raise ReadingError(f"{where}: the id '{line['_id']}' stands there twice.")
        seen.add(line["_id"])
        yield line


def once(lines: Iterable[Line]) -> Iterator[Line]:
    """The lines of several splits, each query once. Raises ReadingError where texts differ."""
    seen: dict[str, str] = {}
    for line in lines:
        where = f"{line['file']}, line {line['line']}"
        if not line["_id"].strip():
            raise ReadingError(f"{where}: the id is empty.")
        if line["_id"] not in seen:
            seen[line["_id"]] = line["text"]
            yield line
        elif seen[line["_id"]] != line["text"]:
            raise ReadingError(f"{where}: query '{line['_id']}' has another text in another split.")


def lines(path: Path) -> Iterator[str]:
    """The lines of a text file, gzipped or not, their ends included. Raises ReadingError."""
    opening = gzip.open if path.suffix == ".gz" else open
    try:
        with opening(path, "rt", encoding="utf-8-sig", newline="") as opened:
            yield from opened
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ReadingError(f"{path} is damaged ({error}). Fetch it again.") from error
    except UnicodeDecodeError as error:
        raise ReadingError(f"{path} is not UTF-8 ({error.reason}). Save it as UTF-8.") from error
    except OSError as error:
        raise ReadingError(f"{path} cannot be read: {error.strerror}.") from error


def is_grade(cell: str) -> bool:
    """Whether a cell is a whole number that `int` takes."""
    return WHOLE.fullmatch(cell) is not None


def gathered(rows: Iterable[tuple[int, str, str, str]], path: Path) -> Qrels:
    """Judgements of (line, query, passage, grade). Raises ReadingError with the line."""
    found: Qrels = {}
    for number, query, passage, grade in rows:
        if not is_grade(grade):
            raise ReadingError(
                f"{path.name}, line {number}: the grade '{grade[:40]}' is not a whole number."
            )
        value = int(grade)
        before = found.setdefault(query, {}).setdefault(passage, value)
        if before != value:
            raise ReadingError(
                f"{path.name}, line {number} judges passage '{passage}' for query '{query}' as "
                f"{value}; an earlier line says {before}. Keep one of them."
            )
    if not found:
        raise ReadingError(f"{path} holds no judgement.")
    return found


def renamed(value: Mapping[str, Any], names: Mapping[str, Sequence[str]], where: str) -> Line:
    """The cells of a row under our names; each name is taken from the first that is there."""
    line: Line = {}
    for ours, theirs in names.items():
        found = next((value[name] for name in theirs if name in value), None)
        line[ours] = "" if found is None else str(found)
    missing = [names[ours] for ours in ("_id", "text") if not any(n in value for n in names[ours])]
    if missing:
        raise ReadingError(f"{where} lacks {' and '.join(' or '.join(name) for name in missing)}.")
    return line
