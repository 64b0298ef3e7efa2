from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from studio.encoders.batching import batches

LENGTHS = st.lists(st.integers(0, 300), max_size=60)


def split(lengths: list[int], budget: int) -> list[list[int]]:
    return [batch.tolist() for batch in batches(lengths, budget)]


def test_texts_of_like_length_go_together_longest_first():
    assert split([2, 9, 3, 9, 1], 18) == [[1, 3], [2, 0, 4]]


def test_texts_of_one_length_keep_their_order():
    assert split([5, 5, 5, 5], 10) == [[0, 1], [2, 3]]


def test_a_text_beyond_the_budget_stands_alone():
    assert split([50, 7, 60], 20) == [[2], [0], [1]]


def test_no_text_makes_no_batch():
    assert split([], 100) == []


def test_texts_without_tokens_are_batched_too():
    assert split([0, 0, 0], 2) == [[0, 1], [2]]


@given(LENGTHS, st.integers(1, 500))
def test_every_text_is_in_exactly_one_batch(lengths, budget):
    assert sorted(i for batch in split(lengths, budget) for i in batch) == list(range(len(lengths)))


@given(LENGTHS, st.integers(1, 500))
def test_padding_included_a_batch_keeps_the_budget(lengths, budget):
    for batch in split(lengths, budget):
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= budget


@given(LENGTHS, st.integers(1, 500))
def test_lengths_fall_from_the_first_text_to_the_last(lengths, budget):
    order = [lengths[i] for batch in split(lengths, budget) for i in batch]
    assert order == sorted(lengths, reverse=True)
