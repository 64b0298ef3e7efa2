from __future__ import annotations

import numpy as np

from studio.encoders.onepass import lexical_weights

CLS, PAD, END, UNKNOWN = 0, 1, 2, 3


def kept(ids: list[int], weights: list[float]) -> dict[int, float]:
    bounds = np.asarray([0, len(ids)])
    row = lexical_weights(np.asarray(ids), np.asarray(weights, np.float32), bounds, 10)
    return dict(zip(row.indices.tolist(), row.data.tolist(), strict=True))


def test_a_repeated_token_keeps_its_largest_weight():
    assert kept([5, 7, 5, 5], [0.25, 0.5, 0.75, 0.125]) == {5: 0.75, 7: 0.5}


def test_special_tokens_are_dropped():
    assert kept([CLS, PAD, END, UNKNOWN, 4], [1, 1, 1, 1, 0.5]) == {4: 0.5}


def test_weights_of_zero_are_not_stored():
    assert kept([5, 6, 7], [0, 0.5, -1]) == {6: 0.5}


def test_the_ids_of_a_row_rise():
    assert list(kept([9, 4, 6], [1, 1, 1])) == [4, 6, 9]


def test_a_text_without_weights_is_an_empty_row_among_others():
    rows = lexical_weights(
        np.asarray([4, 2, 6]), np.asarray([0.5, 1.0, 0.25]), np.asarray([0, 1, 2, 2, 3]), 10
    )
    assert rows.shape == (4, 10)
    assert np.diff(rows.indptr).tolist() == [1, 0, 0, 1]
    assert (rows[[0], [4]], rows[[3], [6]]) == (0.5, 0.25)
    assert rows.dtype == np.float32


def test_no_text_is_a_matrix_without_rows():
    assert lexical_weights(np.zeros(0, int), np.zeros(0), np.zeros(1, int), 10).shape == (0, 10)
