"""Which tokens made a score: reasons that add up to the raw sparse and the raw ColBERT score.

The dense score has no such parts: one vector stands for the whole text.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio import scoring
from studio.encoders.protocol import Encoder
from studio.index import Index
from studio.records import Encodings, Integers


@dataclass(frozen=True)
class SparseToken:
    """A token that query and passage share; contribution = query weight × passage weight."""

    token: str
    query_weight: float
    passage_weight: float
    contribution: float
    spans: tuple[tuple[int, int], ...]
    """Where it stands in the joined text, in characters."""


@dataclass(frozen=True)
class Match:
    """A query token and the passage token most similar to it."""

    query_token: str
    passage_token: str
    similarity: float
    query_span: tuple[int, int]
    span: tuple[int, int]


@dataclass(frozen=True)
class Reasons:
    """sparse: contributions sum to the sparse score. matches: their mean is the ColBERT score."""

    sparse: tuple[SparseToken, ...]
    matches: tuple[Match, ...]


def reasons(index: Index, row: int, query: Encodings, encoder: Encoder) -> Reasons:
    """Explain one passage for one query (`query` holds a single text)."""
    return Reasons(
        tuple(_shared_tokens(index, row, query, encoder)),
        tuple(_best_matches(index, row, query, encoder)),
    )


def _shared_tokens(index: Index, row: int, query: Encodings, encoder: Encoder) -> list[SparseToken]:
    segment, at = index.locate(row)
    start, end = segment.array("sparse_indptr")[at : at + 2]
    in_passage = np.asarray(segment.array("sparse_indices")[start:end])
    weights = np.asarray(segment.array("sparse_data")[start:end])
    shared, in_query, at_passage = np.intersect1d(
        query.sparse.indices, in_passage, assume_unique=True, return_indices=True
    )
    ids, spans = _tokens_of(index, row)
    tokens = [
        SparseToken(
            token,
            float(query.sparse.data[i]),
            float(weights[j]),
            float(query.sparse.data[i]) * float(weights[j]),
            tuple((int(a), int(b)) for a, b in spans[ids == piece]),
        )
        for token, piece, i, j in zip(
            encoder.pieces(shared.tolist()), shared, in_query, at_passage, strict=True
        )
    ]
    return sorted(tokens, key=lambda token: -token.contribution)


def _best_matches(index: Index, row: int, query: Encodings, encoder: Encoder) -> list[Match]:
    segment, at = index.locate(row)
    start, end = segment.array("offsets")[at : at + 2]
    vectors = segment.array("multi_vector")[start:end]
    similarities = scoring.dense(query.multi_vector, vectors)
    best = similarities.argmax(axis=1)
    ids, spans = _tokens_of(index, row)
    names = encoder.pieces(query.token_ids.tolist()), encoder.pieces(ids[best].tolist())
    return [
        Match(
            query_token,
            passage_token,
            float(similarities[i, best[i]]),
            _pair(query.spans[i]),
            _pair(spans[best[i]]),
        )
        for i, (query_token, passage_token) in enumerate(zip(*names, strict=True))
    ]


def _tokens_of(index: Index, row: int) -> tuple[Integers, Integers]:
    """Ids and spans of a passage's late-interaction rows."""
    segment, at = index.locate(row)
    start, end = segment.array("offsets")[at : at + 2]
    ids, spans = segment.array("token_ids")[start:end], segment.array("spans")[start:end]
    return np.asarray(ids), np.asarray(spans)  # plain arrays: slices of a memory map are slow


def _pair(span: Integers) -> tuple[int, int]:
    return int(span[0]), int(span[1])
