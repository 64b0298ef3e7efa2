"""TREC's files as people have them: marked or tables, one split or several, whole or damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval import collection
from studio.errors import ReadingError

DOCS = """<?xml version="1.0"?>
<DOC>
<DOCNO> fox </DOCNO>
<HEADLINE>Fox</HEADLINE>
<TEXT>
A red fox &amp; its <I>den</I>
</TEXT>
<TEXT>It sleeps.</TEXT>
</DOC>
<doc><docno>owl</docno>No text tag</doc>
<DOC><DOCNO>eel</DOCNO><TEXT></TEXT></DOC>
"""
TOPICS = """<top>
<num> Number: q1
<title> Topic: red fox

<desc> Description:
What is red?
</top>
<top><num>q2</num><title>owl</title></top>
"""
QRELS = "q1 0 fox 2\nq1 Q0 owl 0\nq2 0 owl 1\n"
MARKED = {"corpus.trec": DOCS, "topics.txt": TOPICS, "qrels.txt": QRELS}


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return folder


def refusal(folder: Path) -> str:
    with pytest.raises(ReadingError) as refused:
        collection.load(str(folder))
    return str(refused.value)


def test_documents_are_read_with_entities_all_their_texts_and_without_tags(tmp_path: Path) -> None:
    loaded = collection.load(str(written(tmp_path, MARKED)))
    assert [(p.id, p.title, p.text) for p in loaded.passages] == [
        ("fox", "Fox", "A red fox & its den It sleeps."),
        ("owl", "", "No text tag"),
        ("eel", "", ""),
    ]
    assert [(q.id, q.text) for q in loaded.queries] == [("q1", "red fox"), ("q2", "owl")]
    assert loaded.qrels == {"q1": {"fox": 2, "owl": 0}, "q2": {"owl": 1}}


def test_a_corpus_may_lie_in_many_files_of_any_name(tmp_path: Path) -> None:
    first, second = DOCS[: DOCS.index("<doc>")], DOCS[DOCS.index("<doc>") :]
    files = {"fr94-1.sgml": first, "fr94-2.sgml": second, "topics.trec": TOPICS}
    files |= {"qrels.trec": QRELS, "run.trec": "q1 Q0 fox 1 0.5 x\n"}
    loaded = collection.load(str(written(tmp_path, files)))
    assert [p.id for p in loaded.passages] == ["fox", "owl", "eel"]


def test_the_names_of_ms_marco_are_known_and_their_splits(tmp_path: Path) -> None:
    files = {
        "collection.tsv": "id\ttext\nfox\tred\u2028fox\nowl\tan owl\n",
        "queries.dev.small.tsv": "q1\tred\n",
        "queries.test.tsv": "q2\towl\n",
        "qrels.dev.small.tsv": "q1\t0\tfox\t1\n",
        "qrels.test.tsv": "q2\t0\towl\t1\n",
    }
    folder = written(tmp_path, files)
    assert [q.id for q in collection.load(str(folder)).queries] == ["q2"]
    loaded = collection.load(str(folder), "dev.small")
    assert [q.id for q in loaded.queries] == ["q1"]
    assert [p.text for p in loaded.passages] == ["red\u2028fox", "an owl"]  # no line ends there


@pytest.mark.parametrize(
    ("name", "there", "instead", "said"),
    [
        (
            "corpus.trec",
            "</TEXT>\n</DOC>",
            "</TEXT>",
            "line 2: this <DOC> is not closed by </DOC>.",
        ),
        ("corpus.trec", "</TEXT></DOC>", "", "line 11: this <DOC> is not closed by </DOC>."),
        ("corpus.trec", "<docno>owl</docno>", "", "corpus.trec, line 10: the id is empty."),
        ("corpus.trec", ">owl<", ">fox<", "corpus.trec, line 10: the id 'fox' stands there twice."),
        ("topics.txt", "<num>q2</num>", "", "topics.txt, line 8: the id is empty."),
        ("topics.txt", "<title>owl</title>", "", "topics.txt, line 8: query 'q2' is blank."),
        ("qrels.txt", "owl 1", "owl 1.5", "qrels.txt, line 3: the grade '1.5' is not a whole"),
    ],
)
def test_a_fault_is_told_with_file_and_line(
    tmp_path: Path, name: str, there: str, instead: str, said: str
) -> None:
    assert there in MARKED[name]
    folder = written(tmp_path, MARKED | {name: MARKED[name].replace(there, instead, 1)})
    assert said in refusal(folder)


def test_a_first_judgement_that_is_no_whole_number_is_not_taken_for_a_header(
    tmp_path: Path,
) -> None:
    (tmp_path / "qrels").mkdir()
    text = '{"_id": "%s", "text": "x"}\n'
    files = {"corpus.jsonl": text % "a", "queries.jsonl": text % "q"}
    written(tmp_path, files | {"qrels/test.tsv": "q\ta\t1.5\nq\ta\t1\n"})
    assert refusal(tmp_path).startswith("test.tsv, line 1 is not 'query-id, corpus-id, whole")
