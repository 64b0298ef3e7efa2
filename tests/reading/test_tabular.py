from __future__ import annotations

import pytest

from studio.records import Document

from .conftest import Read, Refusal


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_of_a_csv_file_is_found(read: Read, delimiter: str) -> None:
    header = delimiter.join(["_id", "Title", "TEXT", "lang"])
    row = delimiter.join(["d1", "Katzen", '"a, b; c | d"', "de"])
    [document] = read({"a.csv": f"{header}\n{row}\n"}).documents
    assert document == Document("d1", "a, b; c | d", "Katzen", "de", "a.csv")


def test_prose_full_of_commas_does_not_mislead_the_delimiter(read: Read) -> None:
    files = {"a.csv": '"id";"text, or body"\n1;one, two, three\n2;four\n'}
    texts = [document.text for document in read(files, text="text, or body").documents]
    assert texts == ["one, two, three", "four"]


def test_quoted_fields_may_hold_lines_and_quotation_marks(read: Read) -> None:
    rows = 'id,text\r\n1,"first\r\nsecond ""line"""\r\n2,猫\r\n'
    documents = read({"a.csv": rows}).documents
    assert [document.text for document in documents] == ['first\nsecond "line"', "猫"]


def test_a_field_may_be_longer_than_the_csv_module_allows(read: Read) -> None:
    [document] = read({"a.csv": "id,text\n1," + "word " * 50_000 + "\n"}).documents
    assert len(document.text) == 5 * 50_000 - 1


def test_a_ragged_row_is_refused_with_its_line_and_both_numbers(refusal: Refusal) -> None:
    rows = 'id,text,lang,n\n1,"two\nlines",de,1\n2,a,b,c,d\n'
    assert refusal({"a.csv": rows}).startswith(
        "a.csv: line 4 has 5 fields, the header has 4. Put fields"
    )
    assert "line 2 has 1 field, the header has 2" in refusal({"b.tsv": "id\ttext\n1\n"})


def test_a_quotation_mark_that_never_closes_is_refused_with_its_line(refusal: Refusal) -> None:
    sentence = refusal({"a.csv": 'id,text\n1,ok\n2,"open\n3,lost\n'})
    assert sentence.startswith("a.csv: line 3 cannot be read as CSV (unexpected end of data).")


@pytest.mark.parametrize("text", ['"To be" he said', '"To be', 'or "not"'])
def test_quotation_marks_in_tsv_may_be_only_that(read: Read, text: str) -> None:
    documents = read({"a.tsv": f'id\ttext\n1\t{text}\n2\tend"\n'}).documents
    assert [document.text for document in documents] == [text, 'end"']


def test_tsv_may_be_quoted(read: Read) -> None:
    [document] = read({"a.tsv": 'id\ttext\n1\t"two\nlines"\n'}).documents
    assert document.text == "two\nlines"


def test_rows_without_an_id_column_are_numbered(read: Read) -> None:
    documents = read({"a.csv": "text\none\n\ntwo\n"}).documents
    assert [document.id for document in documents] == ["a-1", "a-2"]


def test_rows_without_text_are_left_out_and_counted(read: Read) -> None:
    reading = read({"a.csv": "id,text\n1,\n2,x\n3, \n"})
    assert [document.id for document in reading.documents] == ["2"]
    assert reading.notes == ("2 rows of a.csv have no text and were left out.",)


def test_a_row_whose_id_is_blank_is_numbered_and_told(read: Read) -> None:
    reading = read({"a.csv": "id,text\nd1,x\n,y\n"})
    assert [document.id for document in reading.documents] == ["d1", "a-2"]
    assert reading.notes == ("1 row of a.csv has no id and was named by number.",)


def test_a_table_without_any_text_is_refused(refusal: Refusal) -> None:
    assert refusal({"a.csv": "id,text\n1,\n2,\n"}) == (
        "a.csv holds no text: the column 'text' is empty in all of its 2 rows. "
        "Choose another column or another file."
    )


def test_without_a_text_column_the_columns_are_listed(refusal: Refusal) -> None:
    assert refusal({"a.csv": "id,Inhalt\n1,Ein langer Text über Katzen\n"}) == (
        "a.csv has no column named as a text; its columns are: id, Inhalt. Choose the one that "
        "holds the text: in the page's field for the text column, or with --text COLUMN on the "
        "command line."
    )


def test_a_long_list_of_columns_is_shortened(refusal: Refusal) -> None:
    sentence = refusal({"a.csv": ",".join(f"c{i}" for i in range(30)) + "\n" + "," * 29})
    assert "c18, c19 and 10 more. Choose" in sentence


def test_chosen_columns_are_used_whatever_their_case(read: Read) -> None:
    rows = "Nr,Text,Inhalt,Kopf,Sprache\n7,no,yes,T,ja\n"
    fields = {"id": "nr", "title": "Kopf", "text": "inhalt", "language": "SPRACHE"}
    [document] = read({"a.csv": rows}, **fields).documents
    assert document == Document("7", "yes", "T", "ja", "a.csv")


def test_a_chosen_column_that_is_not_there_is_refused(refusal: Refusal) -> None:
    assert refusal({"a.csv": "id,text\n1,x\n"}, title="Kopf") == (
        "a.csv has no column 'Kopf' for the title; its columns are: id, text. Choose one of these."
    )


def test_a_column_without_a_name_is_no_title(read: Read) -> None:
    [document] = read({"a.csv": ",text\n0,x\n"}).documents
    assert (document.id, document.title) == ("a-1", "")


def test_a_header_with_a_name_twice_is_refused(refusal: Refusal) -> None:
    assert "a.csv: the header names 'text' more than once." in refusal(
        {"a.csv": "text,text\na,b\n"}
    )


def test_a_header_alone_is_refused(refusal: Refusal) -> None:
    assert "a.csv has a header but no rows." in refusal({"a.csv": "id,text\n"})


def test_blank_lines_alone_are_refused(refusal: Refusal) -> None:
    assert "a.csv holds no text" in refusal({"a.csv": "\n\n"})
