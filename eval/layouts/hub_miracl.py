"""MIRACL as its makers keep it: topics and judgements in miracl/miracl, in another repository the
corpus in shards of gzipped JSON Lines. Both have loading scripts, which are not run.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from eval.layouts import beir, hub, trec
from eval.layouts.parts import Line, Parts, distinct, gathered, renamed
from eval.layouts.registry import Entry

CORPUS = ("miracl/miracl-corpus", "d921ec7e349ce0d28daf30b2da9da5ee698bef0d")
NAMES = {"_id": ("docid",), "title": ("title",), "text": ("text",)}


def parts(entry: Entry, split: str) -> Parts:
    """Topics first: they are small, and tell at once what is absent."""
    language = entry.subset
    place, stem = f"miracl-v1.0-{language}", f"miracl-v1.0-{language}-{split}.tsv"
    topics, qrels = f"{place}/topics/topics.{stem}", f"{place}/qrels/qrels.{stem}"
    folder = hub.fetch(entry.repository, entry.revision, [topics, qrels])
    pattern = f"miracl-corpus-v1.0-{language}/docs-*.jsonl.gz"
    shards = hub.files(hub.fetch(*CORPUS, [pattern]), pattern)
    judged = folder / qrels
    return Parts(
        distinct(entry.labelled(line) for path in shards for line in _passages(path)),
        distinct(entry.labelled(line) for line in trec.table(folder / topics)),
        lambda _: (split, gathered(trec.columns(judged), judged), judged),
    )


def _passages(path: Path) -> Iterator[Line]:
    for number, value in beir.objects(path):
        line = renamed(value, NAMES, f"{path.name}, line {number}")
        yield line | {"file": path.name, "line": str(number)}
