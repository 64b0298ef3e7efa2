"""Parquet: corpus, queries and qrels, a file or a folder of files each, as MTEB keeps them.

Old and new names of columns: `_id` or `id`; `query-id`, `corpus-id`, `score`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from eval.layouts import beir
from eval.layouts.parts import Judgements, Line, Parts, distinct, gathered, renamed
from studio.errors import ReadingError

NAMES = {
    "_id": ("_id", "id"), "title": ("title",), "text": ("text",), "language": ("language",),
    "kind": ("kind",),
}  # fmt: skip
JUDGED = (("query-id", "query_id", "qid"), ("corpus-id", "corpus_id", "docid"), ("score",))
QRELS = ("qrels", "default", "data")
BATCH = 4_096


def recognises(folder: Path) -> bool:
    """Whether all three are there."""
    return all(_files(folder, name) for name in ("corpus", "queries")) and bool(_splits(folder))


def parts(folder: Path) -> Parts:
    """All three; a judgement file's name begins with its split."""
    return Parts(
        distinct(_lines(_files(folder, "corpus"))),
        distinct(_lines(_files(folder, "queries"))),
        lambda split: _judgements(folder, split),
    )


def rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Numbered rows of a file, some at a time."""
    number = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
    except (pa.ArrowInvalid, OSError) as error:
        raise ReadingError(f"{path} cannot be read as Parquet ({error}).") from error


def judgement(row: Mapping[str, Any], number: int, path: Path) -> tuple[int, str, str, str]:
    """A row's number, query, passage and grade, under old or new names. Raises ReadingError."""
    query, passage, grade = (
        next((row[n] for n in names if row.get(n) is not None), None) for names in JUDGED
    )
    if query is None or passage is None or grade is None:
        raise ReadingError(f"{path.name}, row {number} lacks query-id, corpus-id or score.")
    whole = isinstance(grade, float) and grade.is_integer()
    return number, str(query), str(passage), str(int(grade) if whole else grade)


def _files(folder: Path, name: str) -> list[Path]:
    found = [*folder.glob(f"{name}.parquet"), *folder.glob(f"{name}-*.parquet")]
    return sorted(found) or sorted((folder / name).glob("*.parquet"))


def _splits(folder: Path) -> dict[str, list[Path]]:
    """Judgement files by split: qrels/test.parquet, qrels/test-00000-of-00001.parquet, or one
    qrels.parquet, which is test."""
    if (folder / "qrels.parquet").is_file():
        return {"test": [folder / "qrels.parquet"]}
    place = next((folder / n for n in QRELS if any((folder / n).glob("*.parquet"))), None)
    found: dict[str, list[Path]] = {}
    for path in sorted(place.glob("*.parquet")) if place else []:
        found.setdefault(path.stem.partition("-")[0], []).append(path)
    return found


def _judgements(folder: Path, asked: str | None) -> Judgements:
    there = _splits(folder)
    split = beir.chosen(sorted(there), folder, asked)
    path = there[split][0]

    def judged() -> Iterator[tuple[int, str, str, str]]:
        for file in there[split]:
            for number, row in rows(file):
                yield judgement(row, number, file)

    return split, gathered(judged(), path), path


def _lines(paths: list[Path]) -> Iterator[Line]:
    for path in paths:
        for number, row in rows(path):
            line = renamed(row, NAMES, f"{path.name}, row {number}")
            yield line | {"file": path.name, "line": str(number)}
