"""Ratings by hand: a CSV of `query,docid,rating` beside a corpus as CSV, JSON Lines or Parquet.

The query's text is in the ratings; it gets a number in the order of the file: q1, q2, …
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from eval.layouts import beir, parquet
from eval.layouts.parts import Judgements, Line, Parts, distinct, gathered, lines, renamed
from studio.errors import ReadingError

COLUMNS = ("query", "docid", "rating")
NAMES = {
    "_id": ("_id", "id", "docid"), "title": ("title",), "text": ("text", "body"),
    "language": ("language",),
}  # fmt: skip
DELIMITERS = ",;\t"  # the header says which: German spreadsheets write semicolons
# The module's own limit is 131,072 characters, less than a chapter. It is global to the process.
csv.field_size_limit(2**30)
CORPUS = ("corpus.csv", "corpus.jsonl", "corpus.parquet")


def recognises(folder: Path) -> bool:
    """Whether a CSV has these three columns, and a corpus stands beside it."""
    return _ratings(folder) is not None and any((folder / name).is_file() for name in CORPUS)


def parts(folder: Path) -> Parts:
    """The corpus, the distinct queries, and the ratings as one split, `test`."""
    path = _ratings(folder)
    assert path is not None  # recognised
    corpus = next(folder / name for name in CORPUS if (folder / name).is_file())
    rows = list(_rows(path))
    numbers = {text: f"q{n}" for n, text in enumerate(dict.fromkeys(r[1] for r in rows), start=1)}
    first = {text: number for number, text, _, _ in reversed(rows)}
    queries: list[Line] = [
        {"_id": name, "text": text, "file": path.name, "line": str(first[text])}
        for text, name in numbers.items()
    ]

    def judgements(split: str | None) -> Judgements:
        name = beir.chosen(["test"], folder, split)
        return name, gathered(((n, numbers[q], d, g) for n, q, d, g in rows), path), path

    return Parts(distinct(_corpus(corpus)), queries, judgements)


def _ratings(folder: Path) -> Path | None:
    for path in sorted(folder.glob("*.csv")):
        if path.is_file() and path.name not in CORPUS:
            with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
                header = file.readline()
            cells = header.strip().split(_delimiter(header))
            if set(COLUMNS) <= {name.strip(' "').lower() for name in cells}:
                return path
    return None


def _rows(path: Path) -> Iterator[tuple[int, str, str, str]]:
    for number, row in _table(path):
        yield number, *(row[name].strip() for name in COLUMNS)  # type: ignore[misc]


def _corpus(path: Path) -> Iterator[Line]:
    kinds = {".csv": _table, ".jsonl": beir.objects, ".parquet": parquet.rows}
    for number, value in kinds[path.suffix](path):
        line = renamed(value, NAMES, f"{path.name}, line {number}")
        yield line | {"file": path.name, "line": str(number)}


def _delimiter(header: str) -> str:
    return max(DELIMITERS, key=header.count)


def _table(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows under lower-case headings, with the line that each begins on."""
    delimiter = _delimiter(next(lines(path), ""))
    reader = csv.reader(lines(path), delimiter=delimiter, strict=True)
    before = 0
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        before = reader.line_num
        for cells in reader:
            number, before = before + 1, reader.line_num
            if not any(cells):
                continue
            if len(cells) != len(header):
                raise ReadingError(
                    f"{path.name}, line {number} has {len(cells)} cells under "
                    f"{len(header)} headings."
                )
            yield number, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise ReadingError(
            f"{path.name}, line {before + 1} is not CSV: {error}. Check that every quotation mark "
            "is closed, and doubled within a field."
        ) from error
