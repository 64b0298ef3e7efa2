"""Small collections out of a large one, and the three scores of every query with every passage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from studio.encoders import lexical
from studio.encoders.onepass import SPECIAL
from studio.records import Floats, Integers
from studio.training.heads import ColbertHead, SparseHead
from studio.training.states import Collection, States
from studio.training.top import Top


@dataclass(frozen=True, eq=False)
class Side:
    """Texts of one kind in a batch: hidden (tokens, hidden), text of each token, tokens of each.

    Distinct ordinary tokens: `owner` and `token` of each, `at`: the distinct one of each `ordinary`
    row, `prior`: its weight before the head's factor.
    """

    hidden: Tensor
    text: Tensor
    lengths: Tensor
    dense: Tensor
    ordinary: Tensor
    at: Tensor
    prior: Tensor
    owner: Integers
    token: Integers


def side(top: Top, states: States, texts: Integers, information: Floats) -> Side:
    """Some texts of the States, through the layers that are trained."""
    hidden, dense = top(states, texts)
    rows, whole = states.rows(texts)
    kept = states.keep[rows]
    ids = states.ids[rows][kept]
    text = np.repeat(np.arange(len(texts)), whole)[kept]
    lengths = np.bincount(text, minlength=len(texts))
    offsets = np.cumsum(np.r_[0, lengths])
    prior = information[ids] * lexical.frequency(ids, offsets)
    ordinary = np.flatnonzero((prior > 0) & ~np.isin(ids, SPECIAL))
    keys = text[ordinary].astype(np.int64) * len(information) + ids[ordinary]
    distinct, first, at = np.unique(keys, return_index=True, return_inverse=True)
    return Side(
        hidden,
        torch.from_numpy(text),
        torch.from_numpy(lengths),
        dense,
        torch.from_numpy(ordinary),
        torch.from_numpy(at),
        torch.from_numpy(prior[ordinary][first]),
        distinct // len(information),
        distinct % len(information),
    )


def matches(queries: Side, passages: Side) -> tuple[Tensor, Tensor]:
    """Pairs of distinct tokens that are the same word: rows of the queries', of the passages'."""
    order = np.argsort(passages.token, kind="stable")
    ordered = passages.token[order]
    first = np.searchsorted(ordered, queries.token, "left")
    many = np.searchsorted(ordered, queries.token, "right") - first
    mine = np.repeat(np.arange(len(many)), many)
    shift = np.repeat(first - np.cumsum(np.r_[0, many[:-1]]), many)
    return torch.from_numpy(mine), torch.from_numpy(order[shift + np.arange(len(mine))])


def sparse_weights(texts: Side, head: SparseHead) -> Tensor:
    """Of each distinct token: its prior times the largest factor among its places."""
    factors = head(texts.hidden[texts.ordinary])
    largest = torch.zeros(len(texts.prior)).scatter_reduce(0, texts.at, factors, "amax")
    return texts.prior * largest


def sparse_scores(queries: Side, passages: Side, head: SparseHead) -> Tensor:
    """(queries, passages) products of weights, summed over shared tokens."""
    mine, theirs = matches(queries, passages)
    products = sparse_weights(queries, head)[mine] * sparse_weights(passages, head)[theirs]
    cells = torch.from_numpy(queries.owner)[mine] * len(passages.lengths)
    cells = cells + torch.from_numpy(passages.owner)[theirs]
    empty = torch.zeros(len(queries.lengths) * len(passages.lengths))
    return empty.index_add(0, cells, products).view(len(queries.lengths), -1)


def emphasis(texts: Side, head: SparseHead) -> Tensor:
    """(tokens,) what each token counts in the mean of its text, by its sparse weight; mean 1.

    Not trained through.
    """
    weights = torch.zeros(len(texts.text))
    with torch.no_grad():
        factors = head(texts.hidden[texts.ordinary])
        weights[texts.ordinary] = texts.prior[texts.at] * factors
    offsets = np.cumsum(np.r_[0, texts.lengths])
    return torch.from_numpy(lexical.emphasis(weights.numpy(), offsets))


def late(
    queries: Side, passages: Side, head: ColbertHead, emphasis: Tensor, dimension: int
) -> Tensor:
    """(queries, passages) MaxSim: the weighted mean over query tokens of the best match."""
    mine, theirs = (head(one.hidden, dimension) for one in (queries, passages))
    best = torch.segment_reduce(theirs @ mine.T, "max", lengths=passages.lengths)
    total = torch.zeros(len(queries.lengths), len(passages.lengths))
    return total.index_add(0, queries.text, (best * emphasis).T) / queries.lengths[:, None]


def draw(
    collection: Collection, queries: int, passages: int, random: np.random.Generator
) -> Collection:
    """A small collection: some queries, their passages, and others of the same collection."""
    asked = random.choice(
        len(collection.queries), min(queries, len(collection.queries)), replace=False
    )
    own = np.unique(collection.gold[asked])
    others = np.setdiff1d(np.arange(len(collection.passages)), own)
    more = random.choice(others, max(0, min(passages - len(own), len(others))), replace=False)
    kept = np.sort(np.r_[own, more])
    return Collection(
        collection.name,
        collection.queries[asked],
        collection.passages[kept],
        np.searchsorted(kept, collection.gold[asked]),
        collection.groups[asked],
    )
