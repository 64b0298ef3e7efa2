from __future__ import annotations

from pathlib import Path

import pytest

from studio.errors import Cancelled, ReadingError
from studio.reading import LIMIT, SUFFIXES, columns, read_files, read_folder
from studio.records import Document

from .conftest import Read, Refusal, Write


def ids(documents: tuple[Document, ...]) -> list[str]:
    return [document.id for document in documents]


def test_files_become_documents_in_the_order_given(read: Read) -> None:
    reading = read({"b.txt": "Zwei Katzen", "a.md": "# Eins\n\nEin Hund"})
    assert reading.documents == (
        Document("b.txt", "Zwei Katzen", "b", "", "b.txt"),
        Document("a.md", "# Eins\n\nEin Hund", "Eins", "", "a.md"),
    )
    assert reading.notes == ()


def test_an_ending_in_capitals_is_the_same_ending(read: Read) -> None:
    assert ids(read({"NOTES.TXT": "hello"}).documents) == ["NOTES.TXT"]


def test_files_of_one_name_get_different_ids(read: Read) -> None:
    reading = read({"x/a.txt": "one", "y/a.txt": "two", "z/a.txt": "three"})
    assert ids(reading.documents) == ["a.txt", "a.txt-2", "a.txt-3"]
    assert {document.source for document in reading.documents} == {"a.txt"}


def test_an_id_made_for_a_file_never_takes_the_users_own(read: Read) -> None:
    reading = read({"a.txt": "one", "b.csv": "id,text\na.txt,two\n"})
    assert ids(reading.documents) == ["a.txt-2", "a.txt"]


def test_an_id_used_in_two_files_is_refused_with_both_places(refusal: Refusal) -> None:
    files = {"a.csv": "id,text\nd1,one\n", "b.jsonl": '\n{"_id": "d1", "text": "two"}\n'}
    assert refusal(files) == (
        "The id 'd1' is used twice: a.csv, line 2, and b.jsonl, line 2. "
        "Give each document an id of its own, or remove one of the two."
    )


def test_an_id_used_twice_in_one_json_file_is_refused_with_both_items(refusal: Refusal) -> None:
    sentence = refusal({"a.json": '[{"id": 7, "text": "x"}, {"id": "7", "text": "y"}]'})
    assert "The id '7' is used twice: a.json, item 1, and a.json, item 2." in sentence


def test_an_empty_file_is_refused(refusal: Refusal) -> None:
    assert refusal({"a.txt": ""}) == "a.txt is empty (0 bytes). Choose a file that holds text."


def test_an_unknown_ending_is_refused_with_all_the_known_ones(refusal: Refusal) -> None:
    assert refusal({"a.xyz": "text"}) == (
        "a.xyz cannot be read: its name must end in one of "
        ".txt .md .pdf .docx .html .htm .csv .tsv .json .jsonl."
    )


def test_a_missing_file_is_refused_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match=r"^There is no file none\.txt\. Check its name"):
        read_files([tmp_path / "none.txt"])


def test_no_file_at_all_is_refused() -> None:
    with pytest.raises(ReadingError, match="No file was given"):
        read_files([])


def test_a_file_over_the_limit_is_refused_by_its_size_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "big.txt"
    with path.open("wb") as file:
        file.truncate(LIMIT + 1)  # a sparse file: no bytes on the disk
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("read before the check"))
    with pytest.raises(
        ReadingError, match=r"big.txt has 100\.1 MB; a file may have at most 100 MB"
    ):
        read_files([path])


def test_a_file_that_may_not_be_read_is_refused(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    with pytest.raises(ReadingError, match=r"a.txt cannot be read: Permission denied"):
        read_files([write("a.txt", "text")])


def test_the_first_bad_file_stops_everything(refusal: Refusal) -> None:
    assert refusal({"a.txt": "good", "b.txt": " \n", "c.xyz": "?"}).startswith("b.txt")


def test_progress_tells_each_file_and_may_cancel(write: Write) -> None:
    paths = [write("a.txt", "one"), write("b.txt", "two")]
    told: list[tuple[int, int, str]] = []
    read_files(paths, progress=lambda *news: told.append(news))
    assert told == [(0, 2, "Reading a.txt"), (1, 2, "Reading b.txt"), (2, 2, "Read")]

    def cancel(done: int, total: int, what: str) -> None:
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        read_files(paths, progress=cancel)


def test_a_folder_is_read_sorted_with_what_lies_below_it(write: Write, tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.md", "c.png", ".hidden.txt", ".git/x.txt", "~$lock.docx"):
        write(name, name)
    reading = read_folder(tmp_path)
    assert ids(reading.documents) == ["z.md", "b.txt"]
    left_out = f"In the folder {tmp_path.name} 1 file was left out: not {' '.join(SUFFIXES)}."
    assert reading.notes == (left_out,)


def test_of_a_beir_folder_only_the_corpus_is_read(write: Write, tmp_path: Path) -> None:
    write("corpus.jsonl", '{"_id": "d1", "title": "T", "text": "passage", "metadata": {}}\n')
    write("queries.jsonl", '{"_id": "q1", "text": "query"}\n')
    write("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\td1\t1\n")
    reading = read_folder(tmp_path)
    assert reading.documents == (Document("d1", "passage", "T", "", "corpus.jsonl"),)
    assert reading.notes == (f"Of the folder {tmp_path.name} only corpus.jsonl was read.",)


def test_a_folder_may_stand_among_files(write: Write, tmp_path: Path) -> None:
    paths = [write("in/b.txt", "two").parent, write("a.txt", "one")]
    assert ids(read_files(paths).documents) == ["b.txt", "a.txt"]


def test_a_folder_without_readable_files_is_refused(write: Write) -> None:
    with pytest.raises(
        ReadingError, match=r"The folder in holds no file that can be read.*\.jsonl"
    ):
        read_folder(write("in/a.png", b"x").parent)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match="There is no folder none"):
        read_folder(tmp_path / "none")


def test_columns_are_told_for_tables_and_for_nothing_else(write: Write) -> None:
    assert columns(write("a.csv", "Kennung;Inhalt\n1;x\n")) == ["Kennung", "Inhalt"]
    assert columns(write("a.jsonl", '{"a": 1}\n{"b": 2, "a": 3}\n')) == ["a", "b"]
    assert columns(write("a.txt", "a,b\n")) == []


def test_every_suffix_has_a_reader() -> None:
    assert " ".join(SUFFIXES) == ".txt .md .pdf .docx .html .htm .csv .tsv .json .jsonl"
