"""The answer to a query and its reasons, on letters that can be counted."""

from __future__ import annotations

import json

import pytest

from studio import fusion
from studio.answers import answer, find
from studio.errors import SettingsError
from studio.explain import reasons
from studio.index import Index, signature
from studio.ingest import build
from studio.passages import CutSettings, cut
from studio.records import MODES, FusionSettings
from tests.fakes import FakeEncoder

SETTINGS = FusionSettings()


@pytest.fixture
def index(tmp_path, animals, encoder) -> Index:
    passages = cut(animals, CutSettings(), encoder.tokenizer, encoder.max_tokens)
    return build(tmp_path / "index", encoder, passages)


def test_results_are_ranked_from_one_and_carry_the_passage(index, encoder, animals):
    found = answer(index, encoder, "red foxes", SETTINGS)
    assert [hit["rank"] for hit in found["results"]] == [1, 2, 3]
    first = found["results"][0]
    assert (first["passage"], first["document"], first["text"]) == ("fox", "fox", animals[0].text)
    scores = [hit["score"] for hit in found["results"]]
    assert scores == sorted(scores, reverse=True)


def test_contributions_are_weight_times_score_and_sum_to_the_score(index, encoder):
    for hit in answer(index, encoder, "red foxes", SETTINGS)["results"]:
        for mode, weight in zip(MODES, SETTINGS.weights, strict=True):
            assert hit["contributions"][mode] == pytest.approx(weight * hit[mode])
        assert hit["score"] == pytest.approx(sum(hit["contributions"].values()), abs=1e-12)


def test_an_answer_is_plain_json_and_says_what_made_it(index, encoder):
    found = answer(index, encoder, "red foxes", SETTINGS, explain=True)
    assert json.loads(json.dumps(found))["query"] == "red foxes"
    assert found["encoder"] == "fake"
    assert found["settings"] == {
        "weights": (1.0, 0.3, 1.0), "normalise": "none", "method": "weighted", "rrf_k": 60.0,
    }  # fmt: skip


def test_the_weights_decide_the_order(index, encoder):
    sparse = answer(index, encoder, "owl cod seas", FusionSettings((0, 1, 0)))["results"]
    assert [hit["passage"] for hit in sparse] == ["cod", "owl", "fox"]  # .3²+.4², .3², 0
    assert sparse[0]["sparse"] == pytest.approx(0.3 * 0.3 + 0.4 * 0.4)


def test_top_limits_the_results_and_must_be_one_or_more(index, encoder):
    assert len(answer(index, encoder, "fox", SETTINGS, top=2)["results"]) == 2
    assert len(answer(index, encoder, "fox", SETTINGS, top=99)["results"]) == 3
    for top in (0, -1):
        with pytest.raises(SettingsError, match=f"{top} results were asked for"):
            answer(index, encoder, "fox", SETTINGS, top=top)


def test_reasons_come_only_when_asked_for(index, encoder):
    plain = answer(index, encoder, "fox", SETTINGS)["results"][0]
    assert "sparse_tokens" not in plain
    assert "multi_vector_matches" not in plain


@pytest.mark.parametrize("query", ["red foxes at night", "owl", "x", "🦊", "day night day cold"])
def test_sparse_reasons_sum_to_the_raw_sparse_score(index, encoder, query):
    for hit in answer(index, encoder, query, SETTINGS, explain=True)["results"]:
        tokens = hit["sparse_tokens"]
        parts = [token["contribution"] for token in tokens]
        assert sum(parts) == pytest.approx(hit["sparse"], abs=1e-5)
        assert parts == sorted(parts, reverse=True)
        for token in tokens:
            product = token["query_weight"] * token["passage_weight"]
            assert token["contribution"] == pytest.approx(product)


@pytest.mark.parametrize("query", ["red foxes at night", "owl", "x", "🦊"])
def test_the_mean_of_the_matches_is_the_raw_colbert_score(index, encoder, query):
    for hit in answer(index, encoder, query, SETTINGS, explain=True)["results"]:
        matches = [match["similarity"] for match in hit["multi_vector_matches"]]
        assert sum(matches) / len(matches) == pytest.approx(hit["multi_vector"], abs=1e-5)


def test_reasons_name_the_tokens_and_where_they_stand(index, encoder, animals):
    candidates, query = find(index, encoder, "foxy")
    best = fusion.rank(candidates, SETTINGS).order[0]
    why = reasons(index, int(candidates.rows[best]), query, encoder)
    [token] = why.sparse
    assert (token.token, token.contribution) == ("▁fox", pytest.approx(0.4 * 0.3))
    assert [animals[0].text[a:b] for a, b in token.spans] == ["fox"]
    word, end = why.matches
    assert (word.query_token, word.passage_token) == ("▁fox", "▁fox")
    assert animals[0].text[slice(*word.span)] == "fox"
    assert word.similarity == pytest.approx(3 / 12**0.5, abs=1e-3)  # f,o,x against f,o,x,y
    assert (end.query_token, end.passage_token) == ("</s>", "</s>")


@pytest.mark.parametrize("query", ["", "  ", "\n"])
def test_a_blank_query_is_refused_before_the_model_is_called(index, encoder, query):
    calls = len(encoder.calls)
    with pytest.raises(SettingsError, match="blank"):
        answer(index, encoder, query, SETTINGS)
    assert len(encoder.calls) == calls


def test_a_long_query_is_searched_and_it_is_said_that_it_was_cut(index, encoder):
    assert answer(index, encoder, "fox " * 511, SETTINGS)["truncated"] is True
    assert answer(index, encoder, "fox " * 510, SETTINGS)["truncated"] is False


def test_another_encoder_than_the_collections_is_refused(index):
    other = FakeEncoder()
    other.revision = "2"
    with pytest.raises(SettingsError, match=r"encoded by fake · letter counts \(1\).*\(2\)"):
        answer(index, other, "fox", SETTINGS)
    assert signature(other) != index.encoder


def test_a_new_title_of_the_same_encoder_is_no_hindrance(index):
    other = FakeEncoder()
    other.title = "a nicer name"
    assert answer(index, other, "fox", SETTINGS)["results"]


def test_a_refusal_names_what_differs_and_what_to_do(index):
    other = FakeEncoder()
    other.precision = "int8"
    said = r"letter counts \(exact\); the encoder at work is fake · letter counts \(int8\)\. Encode"
    with pytest.raises(SettingsError, match=said):
        answer(index, other, "fox", SETTINGS)


@pytest.mark.parametrize("name", ["dimension", "multi_vector_dimension"])
def test_vectors_of_another_length_are_refused(index, name):
    other = FakeEncoder()
    setattr(other, name, 16)
    with pytest.raises(SettingsError, match=r"\(27 dimensions\); .* \(16 dimensions\)"):
        answer(index, other, "fox", SETTINGS)


def test_another_name_for_the_same_weights_is_another_encoder(index):
    other = FakeEncoder()
    other.name = "/a/folder"
    with pytest.raises(SettingsError, match="use the encoder that made it"):
        answer(index, other, "fox", SETTINGS)
