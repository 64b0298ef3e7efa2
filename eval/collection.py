"""Test collections: a corpus, queries and relevance judgements (qrels), by name or by folder.

Knows files, not encoders. What is odd in a collection is counted and told in `notes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from sys import intern

from eval import layouts
from eval.layouts import archive, beir
from eval.layouts.parts import Line, Parts
from eval.layouts.registry import Entry, entries
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
    source: str = field(default="", compare=False)
    """What `load` takes to load it again; '' where it cannot be."""

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
    characters: int
    """Of a passage, on average."""


def available() -> list[Listed]:
    """The collections that have a name of their own: bundled, then the Hub's."""
    bundled = [_listed(load(name)) for name in BUNDLED]
    hub = [
        Listed(e.name, e.passages, e.queries, e.languages, e.licence, e.characters)
        for e in entries().values()
    ]
    return [*bundled, *hub]


def _listed(c: TestCollection) -> Listed:
    mean = round(sum(len(p.text) for p in c.passages) / len(c.passages))
    return Listed(c.name, len(c.passages), len(c.queries), tuple(c.languages), c.licence, mean)


def load(name: str, split: str | None = None) -> TestCollection:
    """A bundled collection or one of the Hub by name; a folder or a zip in any layout of
    `layouts`. Raises ReadingError."""
    if name in BUNDLED:
        return replace(load_folder(BUNDLED[name], name, split), source=name)
    path = _path(name)
    if path is not None:
        whole = path.resolve()
        named = "/".join(whole.parts[-2:])
        found = load_folder(path, named, split) if path.is_dir() else load_zip(path, split)
        return replace(found, source=str(whole))
    if entry := entries().get(name):
        return load_entry(entry, split)
    raise ReadingError(
        f"There is no collection '{name[:200]}'. Use one of: {', '.join(BUNDLED)}, a name that "
        "`python -m eval list` gives, such as miracl/sw, or a folder or zip of one of these "
        f"layouts: {'; '.join(layouts.LAYOUTS)}."
    )


def load_zip(path: Path, split: str | None = None, most: int | None = None) -> TestCollection:
    """A collection in a zip; nothing of it stays on the disk. Raises ReadingError.

    `most`: bytes that it may unpack to, beside the limit that holds for every archive.
    """
    if path.suffix.lower() != ".zip":
        raise ReadingError(
            f"{path.name} is no folder and no zip. Name a collection's folder or zip."
        )
    with archive.unpacked(path, most) as folder:
        try:
            return load_folder(folder, path.stem, split)
        except ReadingError as error:  # people know the zip, not where it was unpacked
            raise ReadingError(str(error).replace(str(folder), path.name)) from error


def _path(name: str) -> Path | None:
    try:
        path = Path(name).expanduser()
        return path if path.exists() else None
    except (OSError, RuntimeError):  # a name too long for a path; ~ of a user who does not exist
        return None


def load_folder(folder: Path, name: str, split: str | None = None) -> TestCollection:
    """What the folder holds, in whichever layout. Raises ReadingError."""
    licence = folder / "LICENSE.txt"
    return replace(
        _whole(layouts.parts(folder), name, split, str(folder)),
        licence=_first_line(licence) if licence.is_file() else "",
    )


def load_entry(entry: Entry, split: str | None = None) -> TestCollection:
    """A collection of the Hub, fetched or from the Hub's cache. Raises ReadingError."""
    reader = import_module(f"eval.layouts.hub_{entry.layout}")  # the Hub's client takes a while
    parts: Parts = reader.parts(entry, split or entry.split)
    found = _whole(parts, entry.name, split, f"{entry.repository} ({entry.revision})")
    here, there = len(found.passages), entry.passages
    other = [f"{here:,} passages; the published collection has {there:,}."] if here != there else []
    return replace(
        found,
        licence=entry.licence,
        source=entry.name,
        notes=(*found.notes, *other, f"From {entry.repository}, revision {entry.revision}."),
    )


def _whole(parts: Parts, name: str, split: str | None, where: str) -> TestCollection:
    passages = tuple(_passage(line) for line in parts.corpus)
    if not passages:
        raise ReadingError(f"The corpus in {where} is empty.")
    queries = [_query(line) for line in parts.queries]
    split, qrels, judgements = parts.judgements(split)
    judged, notes = beir.known(qrels, {q.id for q in queries}, {p.id for p in passages}, judgements)
    kept = tuple(q for q in queries if q.id in judged)
    if unjudged := len(queries) - len(kept):
        notes.append(f"{unjudged:,} queries without judgements in '{split}' were left out.")
    if empty := sum(not p.text.strip() for p in passages):
        notes.append(f"{empty:,} passages have no text; they stay in the pool.")
    return TestCollection(
        name=name,
        passages=passages,
        queries=kept,
        qrels=judged,
        split=split,
        notes=tuple(notes),
    )


def _first_line(path: Path) -> str:
    return path.read_text("utf-8", errors="replace").partition("\n")[0].strip()


def _passage(line: Line) -> Passage:
    return Passage(
        id=line["_id"],
        document=line["_id"],
        text=line["text"],
        start=0,
        end=len(line["text"]),
        title=line.get("title", ""),
        language=intern(line.get("language", "")),  # one string for all passages
        source=line["file"],
    )


def _query(line: Line) -> Query:
    if not line["text"].strip():
        raise ReadingError(f"{line['file']}, line {line['line']}: query '{line['_id']}' is blank.")
    return Query(line["_id"], line["text"], line.get("language", ""), line.get("kind", ""))
