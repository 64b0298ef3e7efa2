from __future__ import annotations

from pathlib import Path

import pytest

from eval import collection
from studio.errors import ReadingError

from .conftest import CORPUS, QRELS, QUERIES, Beir


def refusal(folder: Path, split: str | None = None) -> str:
    with pytest.raises(ReadingError) as refused:
        collection.load(str(folder), split)
    return str(refused.value)


def test_a_folder_is_named_by_its_last_two_parts(beir: Beir) -> None:
    loaded = collection.load(str(beir()))
    assert (loaded.name, loaded.split) == ("tiny/beir", "test")
    assert [p.id for p in loaded.passages] == [line["_id"] for line in CORPUS]
    assert [q.id for q in loaded.queries] == ["q1", "q2", "q3"]
    assert loaded.qrels == {
        "q1": {"fax": 2, "foxes": 1, "eule": 0},
        "q2": {"fox": 1},
        "q3": {"eule": 1},
    }
    assert loaded.languages == ["de", "en"]


def test_a_passage_without_text_stays_in_the_pool_and_is_counted(beir: Beir) -> None:
    loaded = collection.load(str(beir()))
    assert loaded.passages[-1].text == ""
    assert loaded.notes == ("1 passages have no text; they stay in the pool.",)


@pytest.mark.parametrize(
    ("splits", "chosen"),
    [
        (["train", "dev", "test"], "test"),
        (["train", "dev"], "dev"),
        (["train"], "train"),
    ],
)
def test_the_split_is_test_else_dev_else_the_only_one(
    beir: Beir, splits: list[str], chosen: str
) -> None:
    assert collection.load(str(beir(splits=dict.fromkeys(splits, QRELS)))).split == chosen


def test_a_split_can_be_asked_for(beir: Beir) -> None:
    folder = beir(splits={"test": QRELS, "dev": [("q3", "eule", 1)]})
    assert [q.id for q in collection.load(str(folder), "dev").queries] == ["q3"]
    assert "There is no split 'train'" in refusal(folder, "train")
    assert refusal(folder, "train").endswith("Splits there: dev, test.")


def test_between_two_other_splits_the_user_must_choose(beir: Beir) -> None:
    folder = beir(splits={"train": QRELS, "extra": QRELS})
    assert refusal(folder).endswith("with --split. There: extra, train.")


@pytest.mark.parametrize("missing", ["corpus.jsonl", "queries.jsonl"])
def test_a_missing_file_is_named(beir: Beir, missing: str) -> None:
    folder = beir()
    (folder / missing).unlink()
    assert f"holds no {missing}." in refusal(folder)


def test_missing_or_empty_qrels_are_said(beir: Beir) -> None:
    folder = beir(splits={})
    assert refusal(folder).endswith("There: none.")
    (folder / "qrels").rmdir()
    assert "holds no qrels." in refusal(folder)


def test_qrels_without_a_judgement_are_refused(beir: Beir) -> None:
    assert refusal(beir(splits={"test": []})).endswith("test.tsv holds no judgement.")


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    assert refusal(Path("nowhere")).startswith(
        "There is no collection 'nowhere'. Use one of: atlas, a name that `python -m eval list` "
        "gives, such as miracl/sw, or a folder or zip of"
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('{"_id": "x" "text": ""}', "corpus.jsonl, line 6 is not JSON"),
        ("[1]", "corpus.jsonl, line 6 lacks _id, text."),
        ('{"_id": "x"}', "corpus.jsonl, line 6 lacks text."),
        ('{"_id": "fox", "text": "again"}', "line 6: the id 'fox' stands there twice."),
    ],
)
def test_a_broken_line_of_the_corpus_is_told_by_its_number(
    beir: Beir, line: str, sentence: str
) -> None:
    assert sentence in refusal(beir(corpus=[*CORPUS, line]))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('{"_id": "q4", "text": " \\t\\u3000"}', "line 4: query 'q4' is blank."),
        ('{"_id": "q4", "text": null}', "line 4: query 'q4' is blank."),
        ('{"_id": "q1", "text": "again"}', "line 4: the id 'q1' stands there twice."),
        ('{"_id": "q4"}', "queries.jsonl, line 4 lacks text."),
    ],
)
def test_a_query_that_is_blank_or_named_twice_is_refused(
    beir: Beir, line: str, sentence: str
) -> None:
    assert sentence in refusal(beir(queries=[*QUERIES, line]))


@pytest.mark.parametrize("grade", ["1.5", "", "high", "1\t2"])
def test_a_judgement_must_be_three_cells_with_a_whole_number(beir: Beir, grade: str) -> None:
    folder = beir(splits={"test": [*QRELS, ("q3", "fox", grade)]})
    assert refusal(folder).startswith(f"test.tsv, line {1 + len(QRELS) + 1} is not 'query-id, ")


def test_blank_lines_are_passed_over_but_counted(beir: Beir) -> None:
    assert len(collection.load(str(beir(corpus=["", *CORPUS, ""]))).passages) == len(CORPUS)


def test_line_numbers_are_those_of_an_editor(beir: Beir) -> None:
    assert "line 3 is not JSON" in refusal(beir(corpus=[CORPUS[0], "", "{"]))


def test_a_byte_order_mark_is_no_part_of_the_text(beir: Beir) -> None:
    loaded = collection.load(str(beir(bom="\ufeff")))
    assert loaded.passages[0].id == "fox"
    assert set(loaded.qrels) == {"q1", "q2", "q3"}


def test_ids_that_are_numbers_meet_their_judgements(beir: Beir) -> None:
    folder = beir(
        corpus=[{"_id": 7, "text": "fox"}],
        queries=[{"_id": 1, "text": "fox"}],
        splits={"test": [("1", "7", 1)]},
    )
    assert collection.load(str(folder)).qrels == {"1": {"7": 1}}


def test_queries_without_judgements_are_left_out_and_counted(beir: Beir) -> None:
    loaded = collection.load(str(beir(splits={"test": [("q2", "fox", 1)]})))
    assert [query.id for query in loaded.queries] == ["q2"]
    assert loaded.notes[0] == "2 queries without judgements in 'test' were left out."


@pytest.mark.parametrize("stray", [("q1", "gone", 1), ("gone", "fox", 1)])
def test_up_to_a_tenth_of_the_judgements_may_be_of_unknown_ids(
    beir: Beir, stray: tuple[str, str, int]
) -> None:
    nine = [(q, p, 1) for q in ("q1", "q2") for p in ("fox", "fax", "foxes", "eule")]
    nine = [*nine, ("q3", "eule", 1)]
    loaded = collection.load(str(beir(splits={"test": [*nine, stray]})))
    assert loaded.notes[0] == "1 of 10 judgements name unknown ids, such as 'gone'."
    assert sum(map(len, loaded.qrels.values())) == len(nine)


def test_more_than_a_tenth_of_unknown_ids_means_another_corpus(beir: Beir) -> None:
    sentence = refusal(beir(splits={"test": [*QRELS, ("q1", "gone", 1)]}))  # 1 of 6
    assert sentence.startswith("1 of 6 judgements in ")
    assert sentence.endswith("The judgements belong to another corpus or other queries.")


def test_a_licence_is_the_first_line_of_its_file(beir: Beir) -> None:
    folder = beir()
    assert collection.load(str(folder)).licence == ""
    (folder / "LICENSE.txt").write_text("CC BY 4.0\n\nby us\n", "utf-8")
    assert collection.load(str(folder)).licence == "CC BY 4.0"
