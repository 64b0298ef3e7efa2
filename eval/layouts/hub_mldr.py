"""MLDR (Shitao/MLDR): gzipped JSON Lines, a folder for each language. Its script is not run.

A line of SPLIT.jsonl.gz holds query_id, query, and the passages judged: positive ones as grade 1,
negative ones as grade 0. A passage in both is relevant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from eval.layouts import beir, hub
from eval.layouts.parts import Line, Parts, distinct, gathered, renamed
from eval.layouts.registry import Entry
from studio.errors import ReadingError

CORPUS = {"_id": ("docid",), "text": ("text",)}
QUERY = {"_id": ("query_id",), "text": ("query",)}
GRADES = {"positive_passages": "1", "negative_passages": "0"}


def parts(entry: Entry, split: str) -> Parts:
    """The corpus and one split."""
    place = f"mldr-v1.0-{entry.subset}"
    names = [f"{place}/corpus.jsonl.gz", f"{place}/{split}.jsonl.gz"]
    folder = hub.fetch(entry.repository, entry.revision, names)
    corpus, asked = (folder / name for name in names)
    return Parts(
        distinct(entry.labelled(line) for line in _lines(corpus, CORPUS)),
        distinct(entry.labelled(line) for line in _lines(asked, QUERY)),
        lambda _: (split, gathered(_judged(asked), asked), asked),
    )


def _lines(path: Path, names: Mapping[str, Sequence[str]]) -> Iterator[Line]:
    for number, value in beir.values(path):
        line = renamed(value, names, f"{path.name}, line {number}")
        yield line | {"file": path.name, "line": str(number)}


def _judged(path: Path) -> Iterator[tuple[int, str, str, str]]:
    for number, value in beir.values(path):
        seen: set[str] = set()
        for key, grade in GRADES.items():
            for passage in value.get(key) or ():
                if not isinstance(passage, dict) or "docid" not in passage:
                    raise ReadingError(f"{path.name}, line {number}: {key} lacks docid.")
                if (name := str(passage["docid"])) not in seen:
                    seen.add(name)
                    yield number, str(value["query_id"]), name, grade
