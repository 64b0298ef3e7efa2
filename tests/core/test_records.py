from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from studio.errors import SettingsError, StudioError
from studio.records import Candidates, FusionSettings, joined_text
from tests.fakes import encode

NAN, INFINITY = float("nan"), float("inf")


def refusal(**settings) -> str:
    with pytest.raises(SettingsError) as refused:
        FusionSettings(**settings)
    return str(refused.value)


def test_the_default_fusion_is_the_miracl_setting_of_the_paper():
    settings = FusionSettings()
    assert settings.weights == (1.0, 0.3, 1.0)
    assert (settings.normalise, settings.method, settings.rrf_k) == ("none", "weighted", 60)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"weights": (1, -0.5, 1)}, "these are 1 -0.5 1"),
        ({"weights": (0, 0, 0)}, "All three weights are 0"),
        ({"weights": (-0.0, 0.0, 0)}, "All three weights are 0"),
        ({"weights": (1, NAN, 1)}, "not a number"),
        ({"weights": (1, INFINITY, 1)}, "not a number"),
        ({"weights": (1, 1)}, "there are 2"),
        ({"weights": (1, 1, 1, 1)}, "there are 4"),
        ({"weights": ()}, "there are 0"),
        ({"normalise": "softmax"}, "no normalisation 'softmax'"),
        ({"normalise": ""}, "none, min-max, z-score"),
        ({"method": "borda"}, "no method 'borda'"),
        ({"method": "RRF"}, "weighted, rrf"),
        ({"rrf_k": -1}, "k is -1"),
        ({"rrf_k": NAN}, "k is nan"),
        ({"rrf_k": INFINITY}, "k is inf"),
    ],
)
def test_a_fusion_that_cannot_rank_is_refused_with_a_sentence(settings, said):
    sentence = refusal(**settings)
    assert said in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_one_weight_above_zero_is_enough():
    assert FusionSettings((0, 1e-9, 0)).weights == (0, 1e-9, 0)


def test_k_of_reciprocal_rank_fusion_may_be_zero():
    assert FusionSettings(rrf_k=0).rrf_k == 0


def test_a_refused_setting_is_something_that_the_user_can_mend():
    assert issubclass(SettingsError, StudioError)


def test_settings_cannot_be_changed_in_place():
    with pytest.raises(FrozenInstanceError):
        FusionSettings().rrf_k = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("title", "text", "joined"),
    [
        ("Fox", "It runs.", "Fox It runs."),
        ("Fox", "Fox runs.", "Fox runs."),
        ("", "It runs.", "It runs."),
        ("  ", "It runs.", "It runs."),
        (" Fox ", "Fox runs.", "Fox runs."),
        (" Fox ", "It runs.", "Fox It runs."),
        ("Fox", "", "Fox "),
    ],
)
def test_the_title_goes_before_the_text_unless_the_text_begins_with_it(title, text, joined):
    assert joined_text(title, text) == joined


def test_candidates_need_three_scores_per_row():
    with pytest.raises(ValueError, match="2 rows but scores of shape"):
        Candidates("q", np.arange(2), np.zeros((2, 2)))
    with pytest.raises(ValueError, match="2 rows but scores of shape"):
        Candidates("q", np.arange(2), np.zeros((3, 3)))


@pytest.mark.parametrize("hole", [NAN, INFINITY, -INFINITY])
def test_candidates_have_no_empty_cell(hole):
    with pytest.raises(ValueError, match="not a number"):
        Candidates("q", np.arange(2), np.array([[1, 2, 3], [1, hole, 3]]))


@pytest.mark.parametrize("rows", [[1, 0], [1, 1], [0, 2, 1]])
def test_candidates_stand_in_corpus_order_each_once(rows):
    with pytest.raises(ValueError, match="corpus order"):
        Candidates("q", np.asarray(rows), np.zeros((len(rows), 3)))


def test_a_pool_may_be_empty():
    assert len(Candidates("q", np.arange(0), np.zeros((0, 3))).rows) == 0


@pytest.mark.parametrize("part", ["sparse", "offsets", "token_ids", "spans", "tokens", "truncated"])
def test_encodings_name_the_part_that_does_not_fit(part):
    two, three = encode(["one", "two"]), encode(["one", "two", "three words here"])
    with pytest.raises(ValueError, match=part):
        replace(two, **{part: getattr(three, part)})


def test_offsets_must_end_at_the_last_vector():
    two = encode(["one", "two"])
    with pytest.raises(ValueError, match="offsets"):
        replace(two, offsets=np.asarray([0, 2, 5]))


def test_no_text_is_a_valid_encoding():
    assert len(encode([])) == 0
