"""Test collections: a corpus, queries and relevance judgements (qrels), from BEIR's layout.

Knows files, not encoders. What is odd in a collection is counted and told in `notes`.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.errors import ReadingError
from studio.records import Passage

ASSETS = Path(__file__).resolve().parent.parent / "assets"
BUNDLED = {"atlas": ASSETS / "atlas"}
MOST_UNKNOWN = 0.10  # judgements of passages that the corpus lacks: more is a wrong corpus


@dataclass(frozen=True)
class Query:
    """One query; `kind` is what it is meant to show, where the collection says so."""

    id: str
    text: str
    language: str = ""
    kind: str = ""


@dataclass(frozen=True)
class TestCollection:
    """Judged queries only. qrels: query id → passage id → grade (0 is judged non-relevant)."""

    name: str
    passages: tuple[Passage, ...]
    queries: tuple[Query, ...]
    qrels: Mapping[str, Mapping[str, int]]
    split: str = "test"
    licence: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def languages(self) -> list[str]:
        return sorted({q.language for q in self.queries if q.language})


@dataclass(frozen=True)
class Listed:
    """What `list` says of a collection without encoding it."""

    name: str
    passages: int
    queries: int
    languages: tuple[str, ...]
    licence: str


def available() -> list[Listed]:
    """The collections that have a name of their own."""
    loaded = [load(name) for name in BUNDLED]
    return [
        Listed(c.name, len(c.passages), len(c.queries), tuple(c.languages), c.licence)
        for c in loaded
    ]


def load(name: str, split: str | None = None) -> TestCollection:
    """A bundled collection by name, or a folder in BEIR layout."""
    if name in BUNDLED:
        return load_folder(BUNDLED[name], name, split)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return load_folder(folder, "/".join(folder.resolve().parts[-2:]), split)
    raise ReadingError(
        f"There is no collection '{name}'. Use one of: {', '.join(BUNDLED)}, or a folder that "
        "holds corpus.jsonl, queries.jsonl and qrels/test.tsv."
    )


def load_folder(folder: Path, name: str, split: str | None = None) -> TestCollection:
    """corpus.jsonl {_id, title, text}, queries.jsonl {_id, text}, qrels/SPLIT.tsv."""
    for needed in ("corpus.jsonl", "queries.jsonl", "qrels"):
        if not (folder / needed).exists():
            raise ReadingError(
                f"{folder} holds no {needed}. BEIR's layout is corpus.jsonl, queries.jsonl and "
                "qrels/test.tsv."
            )
    passages = tuple(_passages(folder / "corpus.jsonl"))
    queries = list(_queries(folder / "queries.jsonl"))
    split = _split(folder / "qrels", split)
    judged, notes = _checked(
        _qrels(folder / "qrels" / f"{split}.tsv"),
        {p.id for p in passages},
        {q.id for q in queries},
        folder / "qrels" / f"{split}.tsv",
    )
    kept = tuple(q for q in queries if q.id in judged)
    if unjudged := len(queries) - len(kept):
        notes.append(f"{unjudged:,} queries without judgements in '{split}' were left out.")
    if empty := sum(not p.text.strip() for p in passages):
        notes.append(f"{empty:,} passages have no text; they stay in the pool.")
    licence = folder / "LICENSE.txt"
    return TestCollection(
        name=name,
        passages=passages,
        queries=kept,
        qrels=judged,
        split=split,
        licence=licence.read_text("utf-8").splitlines()[0] if licence.is_file() else "",
        notes=tuple(notes),
    )


def _passages(path: Path) -> Iterator[Passage]:
    seen: set[str] = set()
    for number, line in _objects(path, ("_id", "text")):
        name, text = str(line["_id"]), str(line["text"] or "")
        if name in seen:
            raise ReadingError(f"{path.name}, line {number}: the id '{name}' stands there twice.")
        seen.add(name)
        yield Passage(
            id=name,
            document=name,
            text=text,
            start=0,
            end=len(text),
            title=str(line.get("title") or ""),
            language=str(line.get("language") or ""),
            source=path.name,
        )


def _queries(path: Path) -> Iterator[Query]:
    seen: set[str] = set()
    for number, line in _objects(path, ("_id", "text")):
        name, text = str(line["_id"]), str(line["text"] or "")
        if name in seen:
            raise ReadingError(f"{path.name}, line {number}: the id '{name}' stands there twice.")
        if not text.strip():
            raise ReadingError(f"{path.name}, line {number}: query '{name}' is blank.")
        seen.add(name)
        yield Query(name, text, str(line.get("language") or ""), str(line.get("kind") or ""))


def _objects(path: Path, keys: tuple[str, ...]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSON Lines file with their line numbers, each with the keys it must have."""
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except ValueError as error:
                raise ReadingError(f"{path.name}, line {number} is not JSON: {error}.") from error
            missing = [k for k in keys if not isinstance(value, dict) or k not in value]
            if missing:
                raise ReadingError(f"{path.name}, line {number} lacks {', '.join(missing)}.")
            yield number, value


def _split(folder: Path, asked: str | None) -> str:
    """`asked`, else test, else dev, else the only one."""
    there = sorted(path.stem for path in folder.glob("*.tsv"))
    listed = ", ".join(there) or "none"
    if asked is not None:
        if asked not in there:
            raise ReadingError(f"There is no split '{asked}' in {folder}. Splits there: {listed}.")
        return asked
    for split in ("test", "dev"):
        if split in there:
            return split
    if len(there) != 1:
        raise ReadingError(f"Say which split of {folder} to use with --split. There: {listed}.")
    return there[0]


def _qrels(path: Path) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        for number, row in enumerate(rows, start=1):
            if number == 1 or not row:
                continue  # one header row, by the layout
            try:
                query, passage, grade = row
                qrels.setdefault(query, {})[passage] = int(grade)
            except ValueError as error:
                raise ReadingError(
                    f"{path.name}, line {number} is not 'query-id, corpus-id, whole number' "
                    f"separated by tabs: {' | '.join(row)[:120]}"
                ) from error
    if not qrels:
        raise ReadingError(f"{path} holds no judgement.")
    return qrels


def _checked(
    qrels: dict[str, dict[str, int]], passages: set[str], queries: set[str], path: Path
) -> tuple[dict[str, dict[str, int]], list[str]]:
    """Judgements whose query and passage are known; the rest is counted, too many is an error."""
    total = sum(len(grades) for grades in qrels.values())
    lost: Counter[str] = Counter()
    kept: dict[str, dict[str, int]] = {}
    for query, grades in qrels.items():
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
    example = next(iter(lost))
    if unknown > MOST_UNKNOWN * total:
        raise ReadingError(
            f"{unknown:,} of {total:,} judgements in {path} name unknown ids, such as '{example}'. "
            "The judgements belong to another corpus or other queries."
        )
    return kept, [f"{unknown:,} of {total:,} judgements name unknown ids, such as '{example}'."]
