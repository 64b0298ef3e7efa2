from __future__ import annotations

import numpy as np
import pytest

from studio import ingest as module
from studio.errors import Cancelled, ReadingError, SettingsError
from studio.index import digest
from studio.ingest import build, ingest
from studio.passages import CutSettings, cut
from studio.records import Document, joined_text
from studio.workspace import Limits, Workspace
from tests.fakes import FakeEncoder

UNCUT = CutSettings("none")


def files(workspace: Workspace) -> set[str]:
    """Every file that is not a collection's card or index."""
    return {str(p) for p in workspace.home.rglob("*") if p.is_file()}


def test_documents_become_a_collection_that_says_how_it_was_made(workspace, encoder, animals):
    made = ingest(workspace, encoder, animals, " animals ", UNCUT)
    texts = [document.text for document in animals]
    assert (made.name, made.encoder_name, made.cut) == ("animals", "fake", "not cut")
    assert (made.documents, made.passages, made.truncated) == (3, 3, 0)
    assert made.tokens == sum(len(text.split()) + 2 for text in texts)
    assert workspace.get("animals") == made
    assert workspace.index("animals").ids() == ["fox", "owl", "cod"]
    assert list(made.as_json()) == [
        "name", "encoder", "documents", "passages", "tokens", "truncated", "seconds",
    ]  # fmt: skip


def test_the_encoder_reads_title_and_text(workspace, encoder):
    documents = [Document("1", "It runs.", "Fox"), Document("2", "Owl flies.", "Owl")]
    ingest(workspace, encoder, documents, "animals", UNCUT)
    assert encoder.calls == [[joined_text(d.title, d.text) for d in documents]]


def test_truncated_passages_are_counted(workspace, animals):
    made = ingest(workspace, FakeEncoder(max_tokens=9), animals, "animals", UNCUT)
    assert made.truncated == 1  # the owl's 9 words, with <s> and </s>


def test_languages_and_sources_are_counted(workspace, encoder):
    documents = [
        Document(str(n), "text", language=language, source=f"{n % 2}.txt")
        for n, language in enumerate(("en", "de", "en", ""))
    ]
    made = ingest(workspace, encoder, documents, "animals", UNCUT)
    assert made.languages == {"en": 2, "de": 1}
    assert made.sources == ("0.txt", "1.txt")


def test_portions_give_the_same_index_as_one(tmp_path, encoder, animals, monkeypatch):
    passages = cut(animals, UNCUT, encoder.tokenizer, 512)
    whole = build(tmp_path / "whole", encoder, passages)
    monkeypatch.setattr(module, "PORTION", 8 + 11)  # tokens: the fox and the owl
    heard = []
    parts = build(tmp_path / "parts", encoder, passages, lambda *told: heard.append(told))
    assert encoder.calls[1:3] == [[a.text for a in animals[:2]], [animals[2].text]]
    assert (len(parts.segments), parts.ids()) == (1, whole.ids())
    assert parts.digest == whole.digest == digest(passages, whole.encoder)
    query = encoder.encode_queries(["red fox"])
    assert parts.dense(query) == pytest.approx(whole.dense(query))
    assert np.allclose(parts.multi_vector(query), whole.multi_vector(query))
    assert heard == [(2, 3, "encoding"), (3, 3, "encoding")]


@pytest.mark.parametrize("error", [Cancelled("stopped"), RuntimeError("out of memory")])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_cancel_or_an_error_leaves_nothing_behind(
    workspace, encoder, animals, monkeypatch, error, at
):
    monkeypatch.setattr(module, "PORTION", 1)

    def stop(done: int, _total: int, _what: str) -> None:
        if done == at:
            raise error

    with pytest.raises(type(error)):
        ingest(workspace, encoder, animals, "animals", UNCUT, progress=stop)
    assert workspace.collections() == []
    assert files(workspace) == set()


@pytest.mark.parametrize("error", [Cancelled("stopped"), RuntimeError("out of memory")])
def test_a_cancel_or_an_error_keeps_the_old_collection(workspace, encoder, animals, error):
    ingest(workspace, encoder, animals[:1], "animals", UNCUT)
    before = files(workspace)

    def stop(*_: object) -> None:
        raise error

    with pytest.raises(type(error)):
        ingest(workspace, encoder, animals, "animals", UNCUT, replace=True, progress=stop)
    assert files(workspace) == before
    assert workspace.index("animals").ids() == ["fox"]


def test_a_replacement_takes_the_old_ones_place(workspace, encoder, animals):
    ingest(workspace, encoder, animals[:1], "animals", UNCUT)
    ingest(workspace, encoder, animals[1:], "animals", UNCUT, replace=True)
    assert workspace.index("animals").ids() == ["owl", "cod"]
    assert list((workspace.home / "staging").iterdir()) == []


def test_an_index_that_is_open_survives_its_replacement(workspace, encoder, animals):
    ingest(workspace, encoder, animals, "animals", UNCUT)
    opened = workspace.index("animals")
    query = encoder.encode_queries(["fox"])
    before = opened.dense(query), opened.multi_vector(query), opened.sparse(query)
    opened.passage(0)
    ingest(workspace, encoder, animals[:1], "animals", UNCUT, replace=True)
    after = opened.dense(query), opened.multi_vector(query), opened.sparse(query)
    assert all((a == b).all() for a, b in zip(before, after, strict=True))
    assert opened.passage(2).id == "cod"


@pytest.mark.parametrize("text", ["", " \n"])
def test_documents_without_text_are_refused(workspace, encoder, text):
    for documents in ([], [Document("1", text, "A title")]):
        with pytest.raises(ReadingError, match="There is no text to encode"):
            ingest(workspace, encoder, documents, "animals", UNCUT)
    assert files(workspace) == set()


def test_what_can_be_refused_is_refused_before_the_model_is_called(tmp_path, encoder, animals):
    workspace = Workspace(tmp_path, Limits(passages=2))
    ingest(workspace, encoder, animals[:1], "taken", UNCUT)
    calls = len(encoder.calls)
    for name, said in (("taken", "is taken"), ("a/b", "slashes"), ("new", "this server takes 2")):
        with pytest.raises(SettingsError, match=said):
            ingest(workspace, encoder, animals, name, UNCUT)
    assert len(encoder.calls) == calls
    assert workspace.names() == ["taken"]


def test_two_documents_of_one_id_are_not_ranked_as_one(workspace, encoder):
    documents = [Document("1", "red fox"), Document("1", "grey owl")]
    with pytest.raises(ReadingError, match="Two passages are named '1'"):
        ingest(workspace, encoder, documents, "animals", CutSettings())
