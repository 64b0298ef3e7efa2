from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from studio.errors import Cancelled, ReadingError, SettingsError
from studio.passages import CutSettings
from studio.reading import BY_NAME
from studio.records import Document
from studio.ui.actions import corpus
from studio.ui.jobs import Step
from studio.ui.session import Server, Upload
from tests.page.conftest import VISITOR

CUT = CutSettings()


def test_reading_gives_documents_and_a_name(tmp_path: Path) -> None:
    path = tmp_path / "my birds.csv"
    path.write_text("id,text\na,owl\n", "utf-8")
    upload = corpus.read([str(path)], BY_NAME)
    assert [(d.id, d.text) for d in upload.documents] == [("a", "owl")]
    assert corpus.suggest_name(upload) == "my birds"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "empty.txt"
    path.touch()
    with pytest.raises(ReadingError, match=r"empty\.txt"):
        corpus.read([str(path)], BY_NAME)


def test_what_was_read_follows_the_list_of_files(read: Upload, tmp_path: Path) -> None:
    path = tmp_path / "owl.txt"
    path.write_text("an owl")
    assert [d.text for d in corpus.follow(read, [str(path)], BY_NAME).documents] == ["an owl"]
    assert corpus.follow(read, [], BY_NAME).documents == ()
    sample = corpus.take_sample()
    assert corpus.follow(sample, [], BY_NAME) is sample


def test_reading_nothing_is_refused() -> None:
    with pytest.raises(SettingsError, match="No file was chosen"):
        corpus.read([], BY_NAME)


def test_the_sample_is_atlas_and_replaces_the_upload(read: Upload) -> None:
    upload = corpus.take_sample()
    assert len(upload.documents) == 432
    assert {document.source for document in upload.documents} == {"atlas"}
    assert corpus.suggest_name(upload) == "atlas"
    assert corpus.suggest_name(Upload()) == ""


def test_the_summary_counts_documents_passages_tokens_and_languages(
    server: Server, read: Upload
) -> None:
    found = corpus.summary(server, read, CUT)
    words = 2 + 1 + 1 + 3  # the title is read with its text
    assert dict(found["tiles"]) == {
        "documents": "3",
        "passages": "3",
        "tokens": str(words + 2 * 3),  # <s> and </s> of each
        "languages": "2",
    }
    assert found["lines"] == ["Given by documents: en 2, de 1."]
    assert corpus.summary(server, Upload(), CUT) == {}


def test_the_cut_decides_how_many_passages_there_are(server: Server) -> None:
    upload = Upload(documents=[Document("a", "one two three. " * 40)])
    counts = [len(corpus.cut_all(server, upload, CutSettings("tokens", n, 0))) for n in (256, 32)]
    assert counts[0] < counts[1]


def test_the_preview_shortens_long_texts() -> None:
    frame = corpus.preview([Document("a", "x" * 200), Document("b", "short")])
    assert frame["text"].tolist() == ["x" * 160 + "…", "short"]
    assert list(corpus.preview([]).columns) == ["id", "title", "text", "language", "source"]


def test_encoding_ends_with_a_kept_collection(server: Server, read: Upload) -> None:
    steps = list(corpus.encode(server, read, VISITOR, "animals", CUT, False))
    status = steps[-1]
    assert (status["kind"], status["share"]) == ("done", 1.0)
    assert status["text"].startswith("Kept as 'animals': 3 passages, 13 tokens · ")
    assert {status["kind"] for status in steps[:-1]} == {"busy"}
    assert corpus.kept(server, VISITOR)["name"].tolist() == ["animals"]


def test_a_name_that_is_taken_is_refused_before_the_model_works(
    server: Server, read: Upload, animals: str, encoder
) -> None:
    encoder.calls.clear()
    with pytest.raises(SettingsError, match="The name 'animals' is taken"):
        list(corpus.encode(server, read, VISITOR, animals, CUT, False))
    assert encoder.calls == []
    [*_, status] = corpus.encode(server, read, VISITOR, animals, CUT, True)
    assert status["text"].startswith("Kept as 'animals'")


def test_encoding_nothing_is_refused(server: Server) -> None:
    with pytest.raises(SettingsError, match="nothing to encode yet"):
        list(corpus.encode(server, Upload(), VISITOR, "animals", CUT, False))


def test_a_cancelled_encoding_keeps_nothing(server: Server, read: Upload, encoder) -> None:
    def stop_first(texts, progress):
        server.jobs.cancel(VISITOR)
        progress(1, len(texts), "encoding")

    encoder.encode_passages = stop_first
    with pytest.raises(Cancelled):
        list(corpus.encode(server, read, VISITOR, "animals", CUT, False))
    assert corpus.kept(server, VISITOR).empty
    assert list((server.home / "staging").iterdir()) == []


def test_renaming_and_deleting(server: Server, animals: str) -> None:
    assert corpus.rename(server, VISITOR, animals, " beasts ") == "beasts"
    with pytest.raises(SettingsError, match="Tick 'Yes, delete it' first"):
        corpus.delete(server, VISITOR, "beasts", False)
    corpus.delete(server, VISITOR, "beasts", True)
    assert corpus.kept(server, VISITOR).empty
    for act in (
        lambda: corpus.rename(server, VISITOR, "", "x"),
        lambda: corpus.delete(server, VISITOR, "", True),
    ):
        with pytest.raises(SettingsError, match="Choose a collection first"):
            act()


@pytest.mark.parametrize(
    ("step", "text", "share"),
    [
        (Step(0, 0, "starting", 0.0), "Starting…", None),
        (Step(0, 80, "encoding", 0.0), "0 of 80 passages", 0.0),
        (Step(20, 80, "encoding", 10.0), "20 of 80 passages · 2.0 a second · 30 s left", 0.25),
        (Step(10, 1210, "encoding", 10.0), "10 of 1,210 passages · 1.0 a second · 20 min left", 0),
        (Step(1, 7201, "encoding", 1.0), "1 of 7,201 passages · 1.0 a second · 2.0 h left", 0),
    ],
)
def test_progress_is_told_in_a_sentence(step: Step, text: str, share: float | None) -> None:
    status = corpus.step_status(step, "passages")
    assert (status["kind"], status["text"]) == ("busy", text)
    assert status["share"] == (pytest.approx(share, abs=0.01) if share is not None else None)


def test_a_program_gets_the_command_s_json(server: Server, read: Upload) -> None:
    made = corpus.encode_at_once(server, read, VISITOR, "animals", CUT)
    assert made == server.workspace(VISITOR).get("animals").as_json()
    with pytest.raises(SettingsError, match="is taken"):
        corpus.encode_at_once(server, replace(read), VISITOR, "animals", CUT)
