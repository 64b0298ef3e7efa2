"""Vectors cut to their first letters: of 27 directions, the first 7 count a to g."""

from __future__ import annotations

from dataclasses import replace
from math import log2, sqrt
from pathlib import Path

import numpy as np
import pytest

from eval import dimensions
from eval.dimensions import CONCERNED, as_json, by_dimension, chosen, shorten, shortened
from eval.evaluation import Evaluation, Scored, evaluate
from studio import scoring, search
from studio.errors import Cancelled, SettingsError
from studio.index import Index
from studio.records import FusionSettings, joined_text
from tests.fakes import encode

WHOLE, A_TO_G = 27, 7
TOKENS = 2 + 2 + 3 + 3 + 1  # fox, fax, fox dog, owl owl, and a text without any; each with </s>


def by_hand(scored: Scored, dimension: int) -> np.ndarray:
    """(queries, passages, 2) in float64, one text and one token at a time."""

    def cut(rows: np.ndarray) -> np.ndarray:
        first = rows[:, :dimension].astype(np.float64)
        return np.asarray([row / (np.linalg.norm(row) or 1) for row in first])

    queries = encode([query.text for query in scored.collection.queries])
    passages = encode([joined_text(p.title, p.text) for p in scored.collection.passages])
    kept = passages.multi_vector.astype(np.float16)  # as the index stores them
    dense = cut(queries.dense) @ cut(passages.dense).T
    late = np.zeros_like(dense)
    for q, p in np.ndindex(*late.shape):
        asked = cut(queries.multi_vector[queries.offsets[q] : queries.offsets[q + 1]])
        found = cut(kept[passages.offsets[p] : passages.offsets[p + 1]])
        late[q, p] = (asked @ found.T).max(axis=1).mean()
    return np.stack([dense, late], axis=2)


def scores(scored: Scored, dimension: int) -> np.ndarray:
    """(queries, passages, 3) of the cut vectors."""
    return np.stack([found.scores for found in shortened(scored, dimension)])


def test_the_whole_vectors_are_the_evaluation_to_the_last_bit(evaluation: Evaluation) -> None:
    whole = by_dimension(evaluation, [A_TO_G]).points[0]
    assert whole.dimension == WHOLE
    assert whole.ndcg == {mode: evaluation.modes[mode]["nDCG@10"] for mode in CONCERNED}


def test_cutting_nothing_off_gives_the_scores_of_the_evaluation(evaluation: Evaluation) -> None:
    uncut = scores(evaluation.scored, WHOLE)
    kept = np.stack([found.scores for found in evaluation.scored.candidates])
    assert uncut == pytest.approx(kept, abs=1e-6)


def test_the_numbers_of_seven_letters_are_those_computed_by_hand(evaluation: Evaluation) -> None:
    point = by_dimension(evaluation, [A_TO_G]).points[1]
    ideal = 2 + 1 / log2(3)
    # "fox" and "xof" are f; fax 1/√2, fox dog 1/√3. Nothing is left of "owl": all 0, corpus order.
    fox_fax_foxes = (2 / log2(3) + 1 / log2(4)) / ideal
    assert point.ndcg["dense"] == pytest.approx(((fox_fax_foxes + 1) / 2 + 1 / log2(5)) / 2)
    # Word by word "fox dog" finds fox whole, tied with fox.
    fox_foxes_fax = (1 / log2(3) + 2 / log2(4)) / ideal
    assert point.ndcg["multi_vector"] == pytest.approx(((fox_foxes_fax + 1) / 2 + 1 / log2(5)) / 2)
    # Sparse scores are whole: they find "owl" alone.
    assert point.ndcg["fused"] == pytest.approx(((fox_foxes_fax + 1) / 2 + 1) / 2)


@pytest.mark.parametrize("dimension", [1, 6, A_TO_G, 13, 26])
def test_cut_scores_are_those_of_vectors_cut_and_renormalised_by_hand(
    evaluation: Evaluation, dimension: int
) -> None:
    found = scores(evaluation.scored, dimension)
    assert found[:, :, dimensions.CUT] == pytest.approx(
        by_hand(evaluation.scored, dimension), abs=1e-6
    )
    for now, before in zip(found, evaluation.scored.candidates, strict=True):
        assert now[:, 1].tolist() == before.scores[:, 1].tolist()


def test_a_row_of_which_nothing_is_left_scores_0_and_never_nan() -> None:
    cut = shorten(np.asarray([[0.0, 0.0, 1.0], [0.6, 0.0, 0.8]], dtype=np.float16), 2)
    assert cut.dtype == np.float32
    assert cut.tolist() == [[0.0, 0.0], [1.0, 0.0]]


@pytest.mark.parametrize(
    "settings",
    [
        FusionSettings((0.2, 0.8, 0.5), "z-score"),
        FusionSettings((0.2, 0.8, 0.5), "min-max"),
        FusionSettings((0.0, 1.0, 0.0)),
        FusionSettings((0.0, 0.0, 1.0), method="rrf"),
    ],
)
def test_every_setting_of_the_weights_is_followed(
    evaluation: Evaluation, settings: FusionSettings
) -> None:
    scored = evaluation.scored
    cut = replace(scored, candidates=list(shortened(scored, A_TO_G)))
    expected = evaluate(cut, settings).modes
    point = by_dimension(evaluate(scored, settings), [A_TO_G]).points[1]
    assert point.ndcg == {mode: expected[mode]["nDCG@10"] for mode in CONCERNED}


def test_vectors_that_are_shorter_already_stay_as_they_are() -> None:
    vectors = np.asarray([[0.6, 0.6]], dtype=np.float16)
    assert shorten(vectors, 2) is vectors
    assert shorten(vectors, 3) is vectors
    assert shorten(vectors, 1) == pytest.approx(np.ones((1, 1)))
    assert shorten(np.asarray([[0.6, 0.8, 0.3]]), 2) == pytest.approx(np.asarray([[0.6, 0.8]]))
    assert shorten(np.asarray([[1.0, 1.0, 0.3]]), 2) == pytest.approx(
        np.asarray([[1 / sqrt(2), 1 / sqrt(2)]])
    )


def test_bytes_are_float32_of_dense_and_float16_of_every_token(evaluation: Evaluation) -> None:
    curve = by_dimension(evaluation, [26, A_TO_G, 1])
    assert [point.bytes for point in curve.points] == [
        pytest.approx(4 * kept + 2 * kept * TOKENS / 5) for kept in (WHOLE, 26, A_TO_G, 1)
    ]


def test_a_program_reads_a_row_per_dimension_the_whole_first(evaluation: Evaluation) -> None:
    rows = as_json(by_dimension(evaluation, [A_TO_G]))
    assert [row["dimension"] for row in rows] == [WHOLE, A_TO_G]
    assert set(rows[0]) == {"dimension", "nDCG@10", "bytes_per_passage"}
    assert tuple(rows[0]["nDCG@10"]) == CONCERNED


@pytest.mark.parametrize(
    ("whole", "asked", "drawn"),
    [
        (1024, (), [1024, 768, 512, 256, 128, 64]),
        (384, (), [384, 256, 128, 64]),
        (256, (), [256, 128, 64]),
        (27, (), [27]),
        (384, (64, 100), [384, 100, 64]),
        (384, (384,), [384]),
    ],
)
def test_the_encoder_s_own_dimension_comes_first(
    whole: int, asked: tuple[int, ...], drawn: list[int]
) -> None:
    assert chosen(whole, asked) == drawn


@pytest.mark.parametrize("wrong", [28, 0, -1])
def test_a_dimension_that_the_vectors_do_not_have_is_refused(
    evaluation: Evaluation, wrong: int
) -> None:
    with pytest.raises(SettingsError, match=f"27 numbers, so they cannot be cut to {wrong}"):
        by_dimension(evaluation, [A_TO_G, wrong])


def test_blocks_pools_and_segments_change_no_score(
    evaluation: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored = evaluation.scored
    expected = scores(scored, A_TO_G)
    passages = list(scored.collection.passages)
    encoded = encode([joined_text(p.title, p.text) for p in passages])
    index = Index.create(tmp_path / "two", scored.index.encoder)
    for first, last in ((0, 2), (2, 5)):
        index = index.append(passages[first:last], search.select(encoded, first, last))
    assert len(index.segments) == 2
    monkeypatch.setattr(scoring, "PASSAGE_BLOCK", 3)
    assert scores(replace(scored, index=index), A_TO_G) == pytest.approx(expected, abs=1e-6)

    monkeypatch.setattr(search, "WHOLE", 0)  # as above 2,000 passages: each query has its own pool
    rows = [np.asarray([0, 1, 2]), np.asarray([0, 3]), np.asarray([1, 3, 4])]
    pools = [
        replace(found, rows=some, scores=found.scores[some])
        for found, some in zip(scored.candidates, rows, strict=True)
    ]
    cut = list(shortened(replace(scored, index=index, candidates=pools), A_TO_G))
    for found, whole, some in zip(cut, expected, rows, strict=True):
        assert found.rows.tolist() == some.tolist()
        assert found.scores == pytest.approx(whole[some], abs=1e-6)


def test_progress_names_the_dimension_and_a_cancel_is_heard(evaluation: Evaluation) -> None:
    heard: dict[str, tuple[int, int]] = {}

    def hear(done: int, total: int, what: str) -> None:
        heard[what] = (done, total)

    by_dimension(evaluation, [A_TO_G, 3], hear)
    assert heard == {"first 7 numbers": (3 * 5, 3 * 5), "first 3 numbers": (3 * 5, 3 * 5)}

    def cancel(done: int, total: int, what: str) -> None:
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        by_dimension(evaluation, [A_TO_G], cancel)
