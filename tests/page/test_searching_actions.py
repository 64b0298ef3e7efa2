from __future__ import annotations

import math

import pytest

from studio.encoders.lazy import LazyEncoder
from studio.errors import SettingsError
from studio.ingest import ingest
from studio.passages import CutSettings
from studio.records import Document, FusionSettings
from studio.ui.actions import searching
from studio.ui.session import Asked, Server
from tests.fakes import NoEncoder
from tests.page.conftest import VISITOR

ANY = FusionSettings()


def find(server: Server, query: str, name: str = "animals") -> tuple[Asked, dict]:
    return searching.search(server, VISITOR, name, query, ANY)


def test_a_search_gives_raw_scores_and_texts(server: Server, animals: str) -> None:
    asked, value = find(server, "fax")
    assert value["ids"] == ["fox", "fax", "owl"]
    dense, sparse, late = value["scores"]
    assert dense[1] == pytest.approx(1.0)
    assert late[1] == pytest.approx(1.0, abs=1e-3)  # kept in half precision
    assert sparse == pytest.approx([0, 0.3 * 0.3, 0])
    assert (value["pool"], value["corpus"], value["truncated"]) == (3, 3, False)
    assert value["passages"]["2"]["title"] == "Night"
    assert asked.collection == "animals"
    assert asked.candidates is not None


def test_the_sparse_score_counts_words_that_share_three_letters(
    server: Server, animals: str
) -> None:
    _, value = find(server, "fox")
    assert value["scores"][1] == pytest.approx([0.3 * 0.3, 0, 0.3 * 0.5])  # fox, fax, foxes


def test_reasons_add_up_to_the_scores_without_the_model(server: Server, animals: str) -> None:
    asked, value = find(server, "fox owls")
    quiet = Server(LazyEncoder.ready(NoEncoder()), server.home)
    for at in range(3):
        why = searching.why(quiet, asked, VISITOR, at)
        assert why is not None
        dense, sparse, late = (column[at] for column in value["scores"])
        assert math.isclose(why["sparse_sum"], sparse, abs_tol=1e-6)
        assert math.isclose(why["multi_vector_mean"], late, abs_tol=1e-6)
        assert (why["dense"], why["sparse"]) == (dense, sparse)
        assert sum(t["contribution"] for t in why["sparse_tokens"]) == why["sparse_sum"]


def test_no_reasons_where_none_are_asked_for(server: Server, animals: str) -> None:
    asked, _ = find(server, "fox")
    assert searching.why(server, asked, VISITOR, None) is None
    assert searching.why(server, Asked(), VISITOR, 0) is None
    assert searching.texts(server, Asked(), VISITOR, [0]) == {}


def test_more_texts_come_by_their_place_among_the_candidates(server: Server, animals: str) -> None:
    asked, _ = find(server, "fox")
    found = searching.texts(server, asked, VISITOR, [1])
    assert "".join(piece for piece, _, _ in found["1"]["segments"]) == "fax"


@pytest.mark.parametrize(
    ("name", "query", "sentence"),
    [
        ("", "fox", "There is no collection to search. Encode one in the tab Corpus."),
        ("animals", " \n", "The query is blank"),
        ("planets", "fox", "There is no collection 'planets'. Collections here: 'animals'."),
    ],
)
def test_what_cannot_be_searched_is_said(
    server: Server, animals: str, name: str, query: str, sentence: str
) -> None:
    with pytest.raises(SettingsError, match=sentence.replace(".", r"\.")):
        find(server, query, name)


def test_a_query_that_is_too_long_is_marked_as_cut(server: Server, animals: str) -> None:
    assert find(server, "fox " * 600)[1]["truncated"] is True


def test_examples_are_titles_or_beginnings(server: Server, animals: str) -> None:
    assert searching.examples(server, VISITOR, animals) == ["fox runs", "fax", "Night"]
    assert searching.examples(server, VISITOR, "") == []


def test_atlas_has_queries_of_its_own(server: Server) -> None:
    found = searching.examples(server, VISITOR, "atlas")
    assert len(found) == len(searching.EXAMPLES) > 5


def test_programs_get_contributions_that_sum_to_the_score(server: Server, animals: str) -> None:
    settings = FusionSettings((0.5, 2.0, 1.0))
    found = searching.answer_query(server, VISITOR, "fox", animals, settings, 2)
    assert [result["rank"] for result in found["results"]] == [1, 2]
    for result in found["results"]:
        assert sum(result["contributions"].values()) == pytest.approx(result["score"], abs=1e-12)
        assert result["contributions"]["sparse"] == pytest.approx(2 * result["sparse"])


def test_reasons_are_refused_once_the_collection_was_replaced(
    server: Server, animals: str, encoder
) -> None:
    asked, _ = find(server, "fox")
    other = [Document("x", "a hen"), Document("y", "a cat")]
    workspace = server.workspace(VISITOR)
    ingest(workspace, encoder, other, animals, CutSettings("none"), replace=True)
    for act in (searching.texts, searching.why):
        with pytest.raises(SettingsError, match="has been replaced since this search"):
            act(server, asked, VISITOR, [0] if act is searching.texts else 0)  # type: ignore[operator]
