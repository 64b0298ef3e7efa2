from __future__ import annotations

import pytest

from studio.records import Document

from .conftest import Read, Refusal


def test_each_line_of_json_lines_is_a_document(read: Read) -> None:
    lines = '{"_id": 7, "Title": "猫", "text": "neko", "lang": "ja"}\r\n\r\n{"text": "a\\u2028b"}'
    reading = read({"a.jsonl": lines})
    assert reading.documents == (
        Document("7", "neko", "猫", "ja", "a.jsonl"),
        Document("a-2", "a\u2028b", "", "", "a.jsonl"),
    )
    assert reading.notes == ("1 row of a.jsonl has no id and was named by number.",)


@pytest.mark.parametrize("number", ["1.50", "-3", "12345678901234567890123"])
def test_numbers_as_ids_stay_as_they_are_written(read: Read, number: str) -> None:
    [document] = read({"a.jsonl": f'{{"id": {number}, "text": "x"}}'}).documents
    assert document.id == number


@pytest.mark.parametrize(
    "text",
    [
        '[{"id": "a", "body": "x"}]',
        '{"documents": [{"id": "a", "body": "x"}]}',
        '{"version": 1, "languages": ["de"], "data": [{"id": "a", "body": "x"}]}',
    ],
)
def test_json_is_a_list_or_holds_a_single_one(read: Read, text: str) -> None:
    assert read({"a.json": text}).documents == (Document("a", "x", "", "", "a.json"),)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('{"a": [{"text": "x"}], "b": [{"text": "y"}]}', "an object with 2 lists of objects"),
        ('{"id": "a", "text": "x"}', "an object with 0 lists of objects"),
        ('"text"', "no list"),
    ],
)
def test_any_other_json_is_refused(refusal: Refusal, text: str, holds: str) -> None:
    sentence = refusal({"a.json": text})
    assert sentence.startswith("a.json must hold a list of objects, or an object with one such")
    assert f"it holds {holds}." in sentence


def test_broken_json_is_refused_with_its_line(refusal: Refusal) -> None:
    sentence = refusal({"a.json": '[{"text": "x"},\n {"text" "y"}]'})
    assert sentence.startswith("a.json: line 2 is not valid JSON (Expecting ':' delimiter, column")


def test_json_lines_under_the_wrong_name_are_told_the_right_one(refusal: Refusal) -> None:
    sentence = refusal({"a.json": '{"text": "x"}\n{"text": "y"}\n'})
    assert sentence.endswith("If every line is an object, name it .jsonl.")


def test_a_broken_line_is_refused_with_its_number(refusal: Refusal) -> None:
    sentence = refusal({"a.jsonl": '{"text": "x"}\n\n{"text": "y"\n'})
    assert sentence.startswith("a.jsonl: line 3 is not valid JSON (")
    assert sentence.endswith("Every line must be one whole object.")


def test_a_line_that_is_no_object_is_refused_with_its_number(refusal: Refusal) -> None:
    sentence = refusal({"a.jsonl": '{"text": "x"}\n["y"]\n'})
    assert sentence.startswith("a.jsonl: line 2 is not an object. Each document")


def test_an_item_that_is_no_object_is_refused_with_its_number(refusal: Refusal) -> None:
    assert "a.json: item 2 is not an object." in refusal({"a.json": '[{"text": "x"}, "y"]'})


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_json_nested_without_end_is_refused(refusal: Refusal, name: str) -> None:
    assert "is nested too deeply" in refusal({name: "[" * 200_000})


@pytest.mark.parametrize(
    ("value", "kind"), [("[1]", "a list"), ("{}", "an object"), ("true", "true")]
)
def test_a_text_that_is_none_is_refused_with_its_line(
    refusal: Refusal, value: str, kind: str
) -> None:
    sentence = refusal({"a.jsonl": f'{{"text": "x"}}\n{{"text": {value}}}'})
    assert sentence.startswith(f"a.jsonl, line 2: 'text' holds {kind}")


def test_missing_texts_are_counted(read: Read) -> None:
    rows = '[{"text": null}, {"id": 1}, {"text": NaN}, {"text": "x"}, {"text": ""}]'
    reading = read({"a.json": rows})
    assert [document.id for document in reading.documents] == ["a-4"]
    assert reading.notes[0] == "4 rows of a.json have no text and were left out."


def test_an_empty_list_is_refused(refusal: Refusal) -> None:
    assert "a.json holds no documents" in refusal({"a.json": "[]"})


def test_the_keys_are_listed_where_none_is_a_text(refusal: Refusal) -> None:
    sentence = refusal({"a.jsonl": '{"id": 1, "frage": "x"}\n{"id": 2, "antwort": "y"}\n'})
    assert "its columns are: id, frage, antwort." in sentence


def test_half_a_surrogate_pair_is_replaced(read: Read) -> None:
    [document] = read({"a.jsonl": '{"text": "a\\ud83d b\\u0000"}'}).documents
    assert document.text == "a\N{REPLACEMENT CHARACTER} b"
