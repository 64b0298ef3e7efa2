"""BEIR's layout, read strictly: corpus.jsonl, queries.jsonl, qrels/SPLIT.tsv.

What is wrong is an error with its line; what is merely odd is counted.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from itertools import islice
from pathlib import Path
from typing import Any

from eval.layouts.parts import Judgements, Line, Parts, Qrels, distinct, is_grade, lines
from studio.errors import ReadingError

MOST_UNKNOWN = 0.10  # judgements of unknown ids: more than this share is a wrong corpus
SURROGATE = re.compile("[\ud800-\udfff]")
LISTED = 5  # of the unknown ids
FILES = ("corpus.jsonl", "queries.jsonl", "qrels")


def recognises(folder: Path) -> bool:
    """Whether all three are there."""
    return all((folder / name).exists() for name in FILES)


def parts(folder: Path) -> Parts:
    """Its files."""

    def judgements(asked: str | None) -> Judgements:
        there = sorted(path.stem for path in (folder / "qrels").glob("*.tsv"))
        split = chosen(there, folder / "qrels", asked)
        path = folder / "qrels" / f"{split}.tsv"
        return split, qrels(path), path

    return Parts(texts(folder / "corpus.jsonl"), texts(folder / "queries.jsonl"), judgements)


def texts(path: Path) -> Iterator[Line]:
    """The objects of corpus.jsonl or queries.jsonl: `_id`, `text` and what else stands there.

    Values are strings; `line` is the line's number. Ids are distinct.
    """
    return distinct(
        value | {"file": path.name, "line": str(number)}
        for number, value in objects(path, ("_id", "text"))
    )


def objects(path: Path, needed: Sequence[str] = ()) -> Iterator[tuple[int, Line]]:
    """Numbered objects of a JSON Lines file, their values as strings. Raises ReadingError."""
    for number, value in values(path, needed):
        yield number, {key: "" if cell is None else str(cell) for key, cell in value.items()}


def values(path: Path, needed: Sequence[str] = ()) -> Iterator[tuple[int, dict[str, Any]]]:
    """Numbered objects of a JSON Lines file, gzipped or not, as they are. Raises ReadingError."""
    for number, line in enumerate(lines(path), start=1):
        if line.strip():
            yield number, _object(path, number, line, needed)


def chosen(there: Sequence[str], folder: Path, asked: str | None) -> str:
    """Of the splits that are there `asked`, else test, else dev, else the only one."""
    listed = ", ".join(there) or "none"
    if asked is not None:
        if asked not in there:
            raise ReadingError(f"There is no split '{asked}' in {folder}. Splits there: {listed}.")
        return asked
    for name in ("test", "dev"):
        if name in there:
            return name
    if len(there) != 1:
        raise ReadingError(f"Say which split of {folder} to use with --split. There: {listed}.")
    return there[0]


def qrels(path: Path) -> Qrels:
    """query id → passage id → grade; a first line without a digit in the grade is the header."""
    found: Qrels = {}
    rows = csv.reader(lines(path), delimiter="\t", quoting=csv.QUOTE_NONE)
    for number, row in enumerate(rows, start=1):
        if not row or (number == 1 and not re.search(r"\d", row[-1])):
            continue
        if len(row) != 3 or not is_grade(row[2]):
            raise ReadingError(
                f"{path.name}, line {number} is not 'query-id, corpus-id, whole number' "
                f"separated by tabs: {' | '.join(row)[:120]}"
            )
        query, passage, grade = row[0], row[1], int(row[2])
        if found.setdefault(query, {}).setdefault(passage, grade) != grade:
            raise ReadingError(
                f"{path.name}, line {number} judges passage '{passage}' for query '{query}' as "
                f"{grade}; an earlier line says {found[query][passage]}. Keep one of them."
            )
    if not found:
        raise ReadingError(f"{path} holds no judgement.")
    return found


def known(
    judged: Qrels, queries: Set[str], passages: Set[str], path: Path
) -> tuple[Qrels, list[str]]:
    """Judgements whose query and passage are known; the rest is counted, too many is an error."""
    total = sum(len(grades) for grades in judged.values())
    lost: Counter[str] = Counter()
    kept: Qrels = {}
    for query, grades in judged.items():
        for passage, grade in grades.items():
            if query not in queries:
                lost[query] += 1
            elif passage not in passages:
                lost[passage] += 1
            else:
                kept.setdefault(query, {})[passage] = grade
    unknown = lost.total()
    if not unknown:
        return kept, []
    listed = ", ".join(f"'{name}'" for name in islice(lost, LISTED))
    if unknown > MOST_UNKNOWN * total:
        raise ReadingError(
            f"{unknown:,} of {total:,} judgements in {path} name unknown ids, such as {listed}. "
            "The judgements belong to another corpus or other queries."
        )
    return kept, [f"{unknown:,} of {total:,} judgements name unknown ids, such as {listed}."]


def _object(path: Path, number: int, line: str, needed: Sequence[str]) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ReadingError(f"{path.name}, line {number} is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise ReadingError(f"{path.name}, line {number} lacks {', '.join(needed) or 'an object'}.")
    if missing := [name for name in needed if name not in value]:
        raise ReadingError(f"{path.name}, line {number} lacks {', '.join(missing)}.")
    if any(SURROGATE.search(cell) for cell in value.values() if isinstance(cell, str)):
        raise ReadingError(f"{path.name}, line {number} holds half a surrogate pair (\\ud800…).")
    return value
