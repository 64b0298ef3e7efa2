"""FlagEmbedding's layout for an evaluation of one's own: corpus.jsonl, SPLIT_queries.jsonl,
SPLIT_qrels.jsonl, each line an object (`id`, `title`, `text`; `qid`, `docid`, `relevance`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from eval.layouts import beir
from eval.layouts.parts import Judgements, Line, Parts, distinct, gathered, once, renamed
from studio.errors import ReadingError

NAMES = {"_id": ("id", "_id"), "title": ("title",), "text": ("text",), "language": ("language",)}


def recognises(folder: Path) -> bool:
    """Whether queries and judgements stand beside a corpus."""
    return (folder / "corpus.jsonl").is_file() and bool(_splits(folder))


def parts(folder: Path) -> Parts:
    """Its three files; the queries of all splits, of which the judged ones stay."""
    queries = [folder / f"{split}_queries.jsonl" for split in _splits(folder)]
    return Parts(
        distinct(_lines(folder / "corpus.jsonl")),
        once(line for path in queries for line in _lines(path)),
        lambda split: _judgements(folder, split),
    )


def _splits(folder: Path) -> list[str]:
    there = (path.name.removesuffix("_qrels.jsonl") for path in folder.glob("*_qrels.jsonl"))
    return sorted(s for s in there if (folder / f"{s}_queries.jsonl").is_file())


def _judgements(folder: Path, asked: str | None) -> Judgements:
    split = beir.chosen(_splits(folder), folder, asked)
    path = folder / f"{split}_qrels.jsonl"

    def rows() -> Iterator[tuple[int, str, str, str]]:
        for number, value in beir.objects(path):
            if missing := [n for n in ("qid", "docid", "relevance") if n not in value]:
                raise ReadingError(f"{path.name}, line {number} lacks {', '.join(missing)}.")
            yield number, value["qid"], value["docid"], value["relevance"]

    return split, gathered(rows(), path), path


def _lines(path: Path) -> Iterator[Line]:
    for number, value in beir.objects(path):
        where = f"{path.name}, line {number}"
        yield renamed(value, NAMES, where) | {"file": path.name, "line": str(number)}
