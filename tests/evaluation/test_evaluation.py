"""A collection through the letter-counting encoder: every score can be computed by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import log2, sqrt
from pathlib import Path

import numpy as np
import pytest

from eval import collection
from eval.evaluation import Evaluation, evaluate, score
from studio.errors import Cancelled
from studio.records import Encodings, FusionSettings, Passage, Progress, silent
from tests.fakes import FakeEncoder, encode

from .conftest import CORPUS, Beir


class Sealed(FakeEncoder):
    """Encodes queries; the passages must come from the cache."""

    def encode_passages(self, texts: Sequence[str], progress: Progress = silent) -> Encodings:
        raise AssertionError(f"passages were encoded again: {list(texts)}")

    def encode_queries(self, texts: Sequence[str], progress: Progress = silent) -> Encodings:
        return encode(texts)


def order(evaluation: Evaluation, mode: str, query: str) -> list[str]:
    return [evaluation.scored.ids[row] for row in evaluation.runs[mode][query].rows]


def test_every_cell_of_every_candidate_is_its_score(evaluation: Evaluation) -> None:
    fox = evaluation.scored.candidates[0]
    assert fox.rows.tolist() == [0, 1, 2, 3, 4]
    dense = [1, 2 / 3, 4 / (sqrt(3) * sqrt(8)), 1 / 3, 0]  # fox, fax, "fox dog", "owl owl", ""
    sparse = [0.3 * 0.3, 0, 0.3 * 0.3, 0, 0]
    late = [(1 + 1) / 2, (2 / 3 + 1) / 2, (1 + 1) / 2, (1 / 3 + 1) / 2, (0 + 1) / 2]
    expected = np.stack([dense, sparse, late], axis=1)
    assert fox.scores == pytest.approx(expected, abs=2e-3)  # the index keeps float16 vectors
    assert fox.scores[:, :2] == pytest.approx(expected[:, :2], abs=1e-6)


def test_the_title_is_read_and_the_mode_sets_the_order(evaluation: Evaluation) -> None:
    assert order(evaluation, "dense", "q1") == ["fox", "foxes", "fax", "eule", "leer"]
    assert order(evaluation, "sparse", "q1") == ["fox", "foxes"]
    assert order(evaluation, "sparse", "q2") == []  # 'xof' begins no word
    assert order(evaluation, "fused", "q1") == ["fox", "foxes", "fax", "eule", "leer"]


def test_the_numbers_are_those_of_the_runs(evaluation: Evaluation) -> None:
    q1 = (1 / log2(2 + 1) + 2 / log2(3 + 1)) / (2 / log2(1 + 1) + 1 / log2(2 + 1))
    dense = evaluation.modes["dense"]
    assert dense["nDCG@10"] == pytest.approx(((q1 + 1) / 2 + 1) / 2, abs=1e-12)
    assert dense["MRR@10"] == pytest.approx(((1 / 2 + 1) / 2 + 1) / 2, abs=1e-12)
    sparse = evaluation.modes["sparse"]
    assert sparse["Recall@100"] == pytest.approx(((1 / 2 + 0) / 2 + 1) / 2, abs=1e-12)


def test_groups_are_by_language_and_kind_of_the_query(evaluation: Evaluation) -> None:
    languages, kinds = evaluation.group("language"), evaluation.group("kind")
    assert list(languages) == ["en", "de"]  # as MIRACL orders them
    assert list(kinds) == ["identifier", "paraphrase"]
    assert languages["de"]["dense"]["MRR@10"] == 1.0
    assert languages["en"]["dense"]["MRR@10"] == (1 / 2 + 1) / 2
    assert kinds["identifier"]["dense"]["MRR@10"] == (1 / 2 + 1) / 2
    assert kinds["paraphrase"]["sparse"]["MRR@10"] == 0.0


def test_without_languages_there_are_no_groups_and_the_mean_is_over_queries(
    beir: Beir, tmp_path: Path
) -> None:
    queries = [{"_id": "q1", "text": "fox"}, {"_id": "q2", "text": "owl"}]
    folder = beir(queries=queries, splits={"test": [("q1", "fax", 1), ("q2", "eule", 1)]})
    scored = score(collection.load(str(folder)), FakeEncoder(), tmp_path / "cache")
    made = evaluate(scored, FusionSettings())
    assert made.group("language") == made.group("kind") == {}
    assert made.modes["dense"]["MRR@10"] == pytest.approx((1 / 3 + 1) / 2)


def test_new_weights_need_no_model_and_give_the_same_as_a_whole_run(
    evaluation: Evaluation,
) -> None:
    alone = evaluate(evaluation.scored, FusionSettings((0, 0, 1)))
    assert alone.modes["fused"] == alone.modes["multi_vector"] == evaluation.modes["multi_vector"]
    assert alone.modes["dense_sparse"] == {}  # two weights of 0 rank nothing: no number


def test_the_second_run_takes_its_passages_from_the_cache(beir: Beir, tmp_path: Path) -> None:
    loaded = collection.load(str(beir()))
    first = score(loaded, FakeEncoder(), tmp_path / "cache")
    again = score(loaded, Sealed(), tmp_path / "cache")
    for one, other in zip(first.candidates, again.candidates, strict=True):
        assert np.array_equal(one.scores, other.scores)
    assert again.ids == first.ids


@pytest.mark.parametrize("change", [{"text": "fix"}, {"title": "fox!"}, {"id": "renard"}])
def test_another_corpus_is_encoded_anew(beir: Beir, tmp_path: Path, change: dict[str, str]) -> None:
    loaded = collection.load(str(beir()))
    score(loaded, FakeEncoder(), tmp_path / "cache")
    passages: tuple[Passage, ...] = (replace(loaded.passages[0], **change), *loaded.passages[1:])
    with pytest.raises(AssertionError, match="encoded again"):
        score(replace(loaded, passages=passages, qrels={}), Sealed(), tmp_path / "cache")


@pytest.mark.parametrize("field", ["name", "revision", "precision"])
def test_another_encoder_encodes_anew(beir: Beir, tmp_path: Path, field: str) -> None:
    loaded = collection.load(str(beir()))
    score(loaded, FakeEncoder(), tmp_path / "cache")
    other = Sealed()
    setattr(other, field, "other")
    with pytest.raises(AssertionError, match="encoded again"):
        score(loaded, other, tmp_path / "cache")


def test_a_cancelled_encoding_leaves_nothing_in_the_cache(beir: Beir, tmp_path: Path) -> None:
    def cancel(done: int, total: int, what: str) -> None:
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        score(collection.load(str(beir())), FakeEncoder(), tmp_path / "cache", cancel)
    assert list((tmp_path / "cache").iterdir()) == []


def test_progress_names_each_stage_and_ends_at_its_total(beir: Beir, tmp_path: Path) -> None:
    heard: dict[str, tuple[int, int]] = {}

    def hear(done: int, total: int, what: str) -> None:
        heard[what] = (done, total)

    score(collection.load(str(beir())), FakeEncoder(), tmp_path / "cache", hear)
    assert heard == {
        "encoding passages": (len(CORPUS), len(CORPUS)),
        "encoding queries": (3, 3),
        "scoring queries": (3, 3),
    }


def test_what_was_cut_is_counted(beir: Beir, tmp_path: Path) -> None:
    scored = score(collection.load(str(beir())), FakeEncoder(max_tokens=3), tmp_path / "cache")
    assert scored.truncated == {"passages": 2, "queries": 0}  # "fox dog" and "owl owl" are 4
    assert set(scored.seconds) == {"encode_passages", "encode_queries", "score"}


def test_scores_are_known_by_the_encoder_and_where_it_cut(tmp_path):
    scored = score(collection.load("atlas"), FakeEncoder(), tmp_path)
    assert scored.made_by(FakeEncoder())
    assert not scored.made_by(FakeEncoder(max_tokens=8))
    other = FakeEncoder()
    other.precision = "rounded"
    assert not scored.made_by(other)
