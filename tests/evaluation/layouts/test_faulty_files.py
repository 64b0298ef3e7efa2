"""What once ended in a traceback, or was read by halves, is a sentence or read whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval import collection
from studio.errors import ReadingError
from tests.evaluation.conftest import CORPUS, QRELS, Beir


def refusal(folder: Path) -> str:
    with pytest.raises(ReadingError) as refused:
        collection.load(str(folder))
    return str(refused.value)


@pytest.mark.parametrize("grade", ["+-1", "--1", "1" * 5_000, "1234567", "²"])
def test_a_grade_that_only_looks_like_a_number_is_refused_by_its_line(
    beir: Beir, grade: str
) -> None:
    folder = beir(splits={"test": [*QRELS, ("q3", "fox", grade)]})
    assert refusal(folder).startswith("test.tsv, line 7 is not 'query-id, corpus-id, whole")


def test_json_nested_too_deep_is_told_by_its_line(beir: Beir) -> None:
    assert "corpus.jsonl, line 6 is not JSON" in refusal(beir(corpus=[*CORPUS, "[" * 100_000]))


@pytest.mark.parametrize(("content", "said"), [(b"", ""), (b"\xa9 CC BY\n", "\ufffd CC BY")])
def test_a_licence_that_is_empty_or_not_utf_8_is_no_fault(
    beir: Beir, content: bytes, said: str
) -> None:
    folder = beir()
    (folder / "LICENSE.txt").write_bytes(content)
    assert collection.load(str(folder)).licence == said


def test_a_folder_in_the_place_of_a_file_is_said(beir: Beir) -> None:
    folder = beir()
    (folder / "corpus.jsonl").unlink()
    (folder / "corpus.jsonl").mkdir()
    assert refusal(folder) == f"{folder / 'corpus.jsonl'} cannot be read: Is a directory."


def test_unknown_ids_are_listed_up_to_five(beir: Beir) -> None:
    strange = [("q1", f"p{n}", 1) for n in range(7)]
    said = refusal(beir(splits={"test": [*QRELS, *strange]}))
    assert "7 of 12 judgements" in said
    assert "such as 'p0', 'p1', 'p2', 'p3', 'p4'. The judgements" in said


def test_a_query_that_stands_in_two_splits_is_one_query(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_text('{"id": "a", "text": "x"}\n', "utf-8")
    judged = json.dumps({"qid": "q", "docid": "a", "relevance": 1})
    for split in ("dev", "test"):
        (tmp_path / f"{split}_queries.jsonl").write_text('{"id": "q", "text": "x"}\n', "utf-8")
        (tmp_path / f"{split}_qrels.jsonl").write_text(judged + "\n", "utf-8")
    assert [query.id for query in collection.load(str(tmp_path)).queries] == ["q"]
