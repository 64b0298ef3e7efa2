"""A folder in BEIR layout, and one small evaluation by the letter-counting encoder."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from eval import collection
from eval.evaluation import Evaluation, evaluate, score
from studio.records import FusionSettings
from tests.fakes import FakeEncoder

Lines = Sequence[Mapping[str, Any] | str]
Beir = Callable[..., Path]

CORPUS = (
    {"_id": "fox", "title": "", "text": "fox", "language": "en"},
    {"_id": "fax", "title": "", "text": "fax", "language": "en"},
    {"_id": "foxes", "title": "fox", "text": "dog", "language": "en"},
    {"_id": "eule", "title": "", "text": "owl owl", "language": "de"},
    {"_id": "leer", "title": "", "text": "", "language": "de"},
)
QUERIES = (
    {"_id": "q1", "text": "fox", "language": "en", "kind": "identifier"},
    {"_id": "q2", "text": "xof", "language": "en", "kind": "paraphrase"},
    {"_id": "q3", "text": "owl", "language": "de", "kind": "identifier"},
)
QRELS = (
    ("q1", "fax", 2),
    ("q1", "foxes", 1),
    ("q1", "eule", 0),
    ("q2", "fox", 1),
    ("q3", "eule", 1),
)


def json_lines(lines: Lines) -> str:
    return "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)


def tsv(judgements: Sequence[tuple[str, str, Any]]) -> str:
    rows = [("query-id", "corpus-id", "score"), *judgements]
    return "".join("\t".join(map(str, row)) + "\n" for row in rows)


@pytest.fixture
def beir(tmp_path: Path) -> Beir:
    """beir(corpus=…, queries=…, splits={"test": judgements}): a folder with these files."""

    def written(
        corpus: Lines = CORPUS,
        queries: Lines = QUERIES,
        splits: Mapping[str, Sequence[tuple[str, str, Any]]] | None = None,
        bom: str = "",
    ) -> Path:
        folder = tmp_path / "tiny" / "beir"
        (folder / "qrels").mkdir(parents=True)
        (folder / "corpus.jsonl").write_text(bom + json_lines(corpus), "utf-8")
        (folder / "queries.jsonl").write_text(bom + json_lines(queries), "utf-8")
        for split, judgements in (splits if splits is not None else {"test": QRELS}).items():
            (folder / "qrels" / f"{split}.tsv").write_text(bom + tsv(judgements), "utf-8")
        return folder

    return written


@pytest.fixture
def evaluation(beir: Beir, tmp_path: Path) -> Evaluation:
    loaded = collection.load(str(beir()))
    return evaluate(score(loaded, FakeEncoder(), tmp_path / "cache"), FusionSettings())
