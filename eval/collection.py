"""Test collections: a corpus, queries and relevance judgements (qrels), by name or by folder.

Knows files, not encoders. What is odd in a collection is counted and told in `notes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from eval import beir
from studio.errors import ReadingError
from studio.records import Passage

ASSETS = Path(__file__).resolve().parent.parent / "assets"
BUNDLED = {"atlas": ASSETS / "atlas"}


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

    __test__ = False  # pytest takes a class named Test… for one of its own

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
    folder = _folder(name)
    if folder is not None:
        return load_folder(folder, "/".join(folder.resolve().parts[-2:]), split)
    raise ReadingError(
        f"There is no collection '{name[:200]}'. Use one of: {', '.join(BUNDLED)}, or a folder "
        "that holds corpus.jsonl, queries.jsonl and qrels/test.tsv."
    )


def _folder(name: str) -> Path | None:
    try:
        folder = Path(name).expanduser()
        return folder if folder.is_dir() else None
    except (OSError, RuntimeError):  # a name too long for a path; ~ of a user who does not exist
        return None


def load_folder(folder: Path, name: str, split: str | None = None) -> TestCollection:
    """corpus.jsonl {_id, title, text}, queries.jsonl {_id, text}, qrels/SPLIT.tsv."""
    for needed in ("corpus.jsonl", "queries.jsonl", "qrels"):
        if not (folder / needed).exists():
            raise ReadingError(
                f"{folder} holds no {needed}. BEIR's layout is corpus.jsonl, queries.jsonl and "
                "qrels/test.tsv."
            )
    passages = tuple(_passage(line) for line in beir.texts(folder / "corpus.jsonl"))
    queries = [_query(line) for line in beir.texts(folder / "queries.jsonl")]
    split = beir.split(folder / "qrels", split)
    judgements = folder / "qrels" / f"{split}.tsv"
    judged, notes = beir.known(
        beir.qrels(judgements), {q.id for q in queries}, {p.id for p in passages}, judgements
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


def _passage(line: beir.Line) -> Passage:
    return Passage(
        id=line["_id"],
        document=line["_id"],
        text=line["text"],
        start=0,
        end=len(line["text"]),
        title=line.get("title", ""),
        language=line.get("language", ""),
        source="corpus.jsonl",
    )


def _query(line: beir.Line) -> Query:
    if not line["text"].strip():
        raise ReadingError(f"queries.jsonl, line {line['line']}: query '{line['_id']}' is blank.")
    return Query(line["_id"], line["text"], line.get("language", ""), line.get("kind", ""))
