"""Reading a corpus holds its texts once: beside them no more than what is being read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.evaluation.tracing import traced

PASSAGES = 4_000
TEXT = "word " * 200


@pytest.mark.parametrize("layout", ["BEIR", "TREC", "CSV"])
def test_the_texts_of_a_corpus_are_never_held_twice(tmp_path: Path, layout: str) -> None:
    folder = {"BEIR": beir, "TREC": trec, "CSV": ratings}[layout](tmp_path)
    passages, held, peak = traced(str(folder))
    assert passages == PASSAGES
    assert held > PASSAGES * len(TEXT.strip())
    assert peak < 1.25 * held  # the whole file beside the texts would be 2 times


def beir(folder: Path) -> Path:
    (folder / "qrels").mkdir()
    lines = (json.dumps({"_id": f"p{n}", "text": f"{TEXT}{n}"}) for n in range(PASSAGES))
    (folder / "corpus.jsonl").write_text("\n".join(lines), "utf-8")
    (folder / "queries.jsonl").write_text('{"_id": "q", "text": "word"}', "utf-8")
    (folder / "qrels" / "test.tsv").write_text("q\tp1\t1\n", "utf-8")
    return folder


def trec(folder: Path) -> Path:
    docs = (
        f"<DOC>\n<DOCNO>p{n}</DOCNO>\n<TEXT>{TEXT}{n}</TEXT>\n</DOC>\n" for n in range(PASSAGES)
    )
    (folder / "corpus.trec").write_text("".join(docs), "utf-8")
    (folder / "topics.tsv").write_text("q\tword\n", "utf-8")
    (folder / "qrels.txt").write_text("q 0 p1 1\n", "utf-8")
    return folder


def ratings(folder: Path) -> Path:
    rows = "".join(f"p{n},{TEXT}{n}\n" for n in range(PASSAGES))
    (folder / "corpus.csv").write_text(f"id,text\n{rows}", "utf-8")
    (folder / "ratings.csv").write_text("query,docid,rating\nword,p1,1\n", "utf-8")
    return folder
