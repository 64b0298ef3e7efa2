"""The bundled collection's form. Which mode wins on it is a result, and never a test."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from eval import collection, published
from studio.records import joined_text

Atlas = collection.TestCollection  # by this name pytest does not take it for a test
FOLDER = collection.BUNDLED["atlas"]
LANGUAGES = sorted(set(published.miracl().values["dense"]) - {"avg"})
KINDS = {"identifier", "paraphrase", "constraints", "cross-language"}


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    return collection.load("atlas")


def lines(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in Path(FOLDER / name).read_text("utf-8").splitlines()]


def test_the_languages_are_those_of_miracl(atlas: Atlas) -> None:
    assert len(LANGUAGES) == 18
    assert atlas.languages == LANGUAGES
    assert {passage.language for passage in atlas.passages} == set(LANGUAGES)


def test_each_language_has_24_passages_and_12_queries_or_more(atlas: Atlas) -> None:
    passages = Counter(passage.language for passage in atlas.passages)
    queries = Counter(query.language for query in atlas.queries)
    assert min(passages[language] for language in LANGUAGES) >= 24
    assert min(queries[language] for language in LANGUAGES) >= 12


def test_every_language_has_every_kind_of_query(atlas: Atlas) -> None:
    kinds = {language: set() for language in LANGUAGES}
    for query in atlas.queries:
        kinds[query.language].add(query.kind)
    assert kinds == dict.fromkeys(LANGUAGES, KINDS)


def test_nothing_of_the_files_is_left_out(atlas: Atlas) -> None:
    judgements = (FOLDER / "qrels" / "test.tsv").read_text("utf-8").splitlines()
    assert judgements[0] == "query-id\tcorpus-id\tscore"
    assert atlas.notes == ()
    assert len(atlas.queries) == len(lines("queries.jsonl"))
    assert len(atlas.passages) == len(lines("corpus.jsonl"))
    assert sum(map(len, atlas.qrels.values())) == len(judgements) - 1  # none is judged twice


def test_every_judgement_names_a_query_and_a_passage_that_exist(atlas: Atlas) -> None:
    known = {passage.id for passage in atlas.passages}
    assert set(atlas.qrels) == {query.id for query in atlas.queries}
    assert {passage for grades in atlas.qrels.values() for passage in grades} <= known


def test_grades_are_0_1_and_2_and_every_query_has_an_answer_of_2(atlas: Atlas) -> None:
    grades = [set(judged.values()) for judged in atlas.qrels.values()]
    assert set.union(*grades) == {0, 1, 2}
    assert all(2 in of_query for of_query in grades)


def test_only_cross_language_queries_are_answered_from_other_languages(
    atlas: Atlas,
) -> None:
    language = {passage.id: passage.language for passage in atlas.passages}
    for query in atlas.queries:
        answers = {language[p] for p, grade in atlas.qrels[query.id].items() if grade > 0}
        if query.kind == "cross-language":
            assert query.language not in answers, query.id
        else:
            assert answers == {query.language}, query.id


def test_no_text_and_no_id_stands_there_twice(atlas: Atlas) -> None:
    passages = Counter(" ".join(joined_text(p.title, p.text).split()) for p in atlas.passages)
    queries = Counter(" ".join(query.text.split()) for query in atlas.queries)
    assert [text for text, n in (passages + queries).items() if n > 1] == []
    for name in ("corpus.jsonl", "queries.jsonl"):
        assert len({line["_id"] for line in lines(name)}) == len(lines(name))


def test_every_text_is_written_out_and_free_of_stray_blanks(atlas: Atlas) -> None:
    texts = [p.text for p in atlas.passages] + [q.text for q in atlas.queries]
    assert all(text == text.strip() and "\ufffd" not in text and text for text in texts)
    assert all(p.title for p in atlas.passages)


def test_the_licence_is_cc0(atlas: Atlas) -> None:
    assert atlas.licence.startswith("CC0")
