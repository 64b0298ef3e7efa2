from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from studio.encoders.batching import by_length, fill

LENGTHS = st.lists(st.integers(0, 300), max_size=60)


def split(lengths: list[int], budget: int) -> list[list[int]]:
    """The lengths of each batch, in the order given."""
    batches, first = [], 0
    while first < len(lengths):
        last = fill(lengths, first, budget)
        batches.append(lengths[first:last])
        first = last
    return batches


def test_the_longest_text_comes_first_and_equal_ones_keep_their_order():
    assert by_length([2, 9, 3, 9, 1]).tolist() == [1, 3, 2, 0, 4]


def test_a_batch_is_filled_to_its_budget():
    assert split([9, 9, 3, 2, 1], 18) == [[9, 9], [3, 2, 1]]


def test_a_text_beyond_the_budget_stands_alone():
    assert split([60, 50, 7], 20) == [[60], [50], [7]]


def test_no_text_makes_no_batch():
    assert split([], 100) == []
    assert by_length([]).tolist() == []


@given(LENGTHS, st.integers(1, 500))
def test_every_text_is_in_exactly_one_batch_in_order(lengths, budget):
    assert [length for batch in split(lengths, budget) for length in batch] == lengths


@given(LENGTHS, st.integers(1, 500))
def test_a_batch_keeps_the_budget_and_the_next_text_would_not_fit(lengths, budget):
    batches = split(lengths, budget)
    assert all(len(batch) == 1 or sum(batch) <= budget for batch in batches)
    for batch, following in pairwise(batches):
        assert sum(batch) + following[0] > budget


@given(LENGTHS)
def test_lengths_fall_from_the_first_text_to_the_last(lengths):
    assert [lengths[i] for i in by_length(lengths)] == sorted(lengths, reverse=True)
