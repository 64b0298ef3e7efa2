"""The same small collection in every layout gives the same record; faults are said with a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eval import collection
from eval.collection import TestCollection
from studio.errors import ReadingError

DOCS = [("d1", "Owls", "An owl hunts at night"), ("d2", "", "The heron stands in reeds")]
QUERIES = [("q1", "night hunter"), ("q2", "wading bird")]
GRADES = [("q1", "d1", 2), ("q1", "d2", 0), ("q2", "d2", 1)]
Write = Callable[[Mapping[str, Any]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """write({name: text or table}): a folder with these files."""

    def written(files: Mapping[str, Any]) -> Path:
        folder = tmp_path / "some" / "set"
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, str):
                path.write_text(content, "utf-8")
            else:
                pq.write_table(pa.Table.from_pylist(content), path)
        return folder

    return written


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def tsv(rows: list[tuple[Any, ...]]) -> str:
    return "".join("\t".join(map(str, row)) + "\n" for row in rows)


FLAG = {
    "corpus.jsonl": lines([{"id": i, "title": t, "text": x} for i, t, x in DOCS]),
    "test_queries.jsonl": lines([{"id": i, "text": t} for i, t in QUERIES]),
    "test_qrels.jsonl": lines([{"qid": q, "docid": d, "relevance": g} for q, d, g in GRADES]),
}
TREC_TABLES = {
    "corpus.tsv": tsv(DOCS),
    "topics.tsv": tsv(QUERIES),
    "qrels.txt": "".join(f"{q} 0 {d} {g}\n" for q, d, g in GRADES),
}
TREC_TAGGED = {
    "docs.trec": "\n".join(
        f"<DOC>\n<DOCNO> {i} </DOCNO>\n<TITLE>{t}</TITLE>\n<TEXT>\n{x}\n</TEXT>\n</DOC>"
        for i, t, x in DOCS
    ),
    "topics.txt": "\n".join(
        f"<top>\n<num> Number: {i}\n<title> {t}\n\n<desc> Description:\nnot read\n</top>"
        for i, t in QUERIES
    ),
    "test.qrels": TREC_TABLES["qrels.txt"],
}
PARQUET_OLD = {
    "corpus.parquet": [{"_id": i, "title": t, "text": x} for i, t, x in DOCS],
    "queries.parquet": [{"_id": i, "text": t} for i, t in QUERIES],
    "qrels.parquet": [{"query-id": q, "corpus-id": d, "score": float(g)} for q, d, g in GRADES],
}
PARQUET_NEW = {
    "corpus/corpus-00000-of-00001.parquet": [{"id": i, "title": t, "text": x} for i, t, x in DOCS],
    "queries/queries-00000-of-00001.parquet": [{"id": i, "text": t} for i, t in QUERIES],
    "qrels/test-00000-of-00001.parquet": [
        {"query-id": q, "corpus-id": d, "score": g} for q, d, g in GRADES
    ],
}
RATINGS = {
    "corpus.csv": "id,title,text\n" + "".join(f'{i},{t},"{x}"\n' for i, t, x in DOCS),
    "judged.csv": "query,docid,rating\n"
    + "".join(f"{dict(QUERIES)[q]},{d},{g}\n" for q, d, g in GRADES),
}


@pytest.mark.parametrize(
    "files",
    [FLAG, TREC_TABLES, TREC_TAGGED, PARQUET_OLD, PARQUET_NEW, RATINGS],
    ids=["FlagEmbedding", "TREC tables", "TREC tagged", "Parquet", "Parquet folders", "ratings"],
)
def test_every_layout_gives_the_same_collection(write: Write, files: Mapping[str, Any]) -> None:
    loaded: TestCollection = collection.load(str(write(files)))
    assert loaded.name == "some/set"
    assert [(p.id, p.title, p.text) for p in loaded.passages] == DOCS
    assert [(q.id, q.text) for q in loaded.queries] == QUERIES
    assert loaded.qrels == {"q1": {"d1": 2, "d2": 0}, "q2": {"d2": 1}}
    assert (loaded.split, loaded.notes) == ("test", ())


def changed(files: Mapping[str, Any], name: str, content: str) -> dict[str, Any]:
    return {**files, name: content}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            changed(FLAG, "test_qrels.jsonl", '{"qid": "q1", "docid": "d1"}\n'),
            "test_qrels.jsonl, line 1 lacks relevance",
        ),
        (
            changed(FLAG, "test_qrels.jsonl", FLAG["test_qrels.jsonl"].replace(" 2", ' "high"')),
            "test_qrels.jsonl, line 1: the grade 'high' is not a whole number",
        ),
        (
            changed(TREC_TABLES, "qrels.txt", "q1 0 d1 1\nq1 0 d1 2\n"),
            "qrels.txt, line 2 judges passage 'd1' for query 'q1' as 2; an earlier line says 1",
        ),
        (
            changed(TREC_TABLES, "qrels.txt", "q1 d1 1\n"),
            "qrels.txt, line 1 has 3 columns; judgements have four",
        ),
        (
            changed(TREC_TABLES, "corpus.tsv", "d1\tOwls\tx\nd1\tOwls\ty\n"),
            "corpus.tsv, line 2: the id 'd1' stands there twice",
        ),
        (
            changed(TREC_TABLES, "corpus.tsv", "d1 no tab\n"),
            "corpus.tsv, line 1 has 1 columns",
        ),
        (
            changed(TREC_TAGGED, "docs.trec", "no tags at all"),
            "holds no <DOC> element",
        ),
        (
            changed(RATINGS, "judged.csv", "query,docid,rating\nnight hunter,d1\n"),
            "judged.csv, line 2 has 2 cells under 3 headings",
        ),
        (
            changed(RATINGS, "corpus.csv", "id,title\nd1,Owls\n"),
            "corpus.csv, line 2 lacks text or body",
        ),
        (
            changed(PARQUET_OLD, "corpus.parquet", "not parquet"),
            "cannot be read as Parquet",
        ),
        (
            changed(TREC_TABLES, "corpus.tsv", "\n"),
            "The corpus in",
        ),
        (
            changed(TREC_TABLES, "qrels.txt", "q1 0 d1 1\nq1 0 d9 1\nq9 0 d1 1\n"),
            "2 of 3 judgements in",
        ),
    ],
)
def test_a_fault_is_said_with_its_line(write: Write, files: Mapping[str, Any], said: str) -> None:
    with pytest.raises(ReadingError) as refused:
        collection.load(str(write(files)))
    assert said in str(refused.value)


def test_a_folder_of_no_layout_is_told_all_of_them(write: Write) -> None:
    with pytest.raises(ReadingError, match=r"holds no collection. Layouts: BEIR .* TREC"):
        collection.load(str(write({"notes.md": "nothing"})))


def test_another_split_can_be_asked_for_in_any_layout(write: Write) -> None:
    files = {name.replace("test_", "dev_"): content for name, content in FLAG.items()}
    folder = write({**FLAG, **files})
    assert collection.load(str(folder), "dev").split == "dev"
    assert collection.load(str(folder)).split == "test"
    with pytest.raises(ReadingError, match=r"no split 'train'.*Splits there: dev, test"):
        collection.load(str(folder), "train")


def test_a_query_with_two_texts_in_two_splits_is_refused(write: Write) -> None:
    folder = write({**FLAG, "dev_queries.jsonl": '{"id": "q1", "text": "other"}\n',
                    "dev_qrels.jsonl": FLAG["test_qrels.jsonl"]})  # fmt: skip
    with pytest.raises(ReadingError, match="query 'q1' has another text in another split"):
        collection.load(str(folder))
