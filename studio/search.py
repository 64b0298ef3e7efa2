"""Queries against an index: each query's candidates with three raw scores. No weights here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from studio.errors import SettingsError
from studio.index import Index
from studio.records import Candidates, Encodings, Floats, Integers

WHOLE = 2_000  # up to so many passages, every passage is a candidate
DEPTH = 1_000  # else the best so many of dense and of sparse, together
CHUNK = 64  # queries scored at a time


def check_query(text: str) -> str:
    """A query that can be searched; only a blank one cannot, and one that is no text."""
    if not text.strip():
        raise SettingsError("The query is blank. Type a few words, a question or a code.")
    try:
        text.encode()
    except UnicodeEncodeError as error:  # half a surrogate pair, as from a terminal's raw bytes
        raise SettingsError("The query holds bytes that are not text in UTF-8.") from error
    return text


def pool(dense: Floats, sparse: Floats) -> Integers:
    """Rows of the best by dense and the best by sparse that match at all, ascending."""
    found = top(sparse, DEPTH)
    return np.union1d(top(dense, DEPTH), found[sparse[found] > 0])


def candidates(
    index: Index,
    queries: Encodings,
    texts: Sequence[str],
    pool: Callable[[Floats, Floats], Integers] = pool,
) -> Iterator[Candidates]:
    """Each query's pool, every cell filled, in the order of the queries.

    `pool` chooses the rows, ascending, from a query's dense and sparse scores of the whole corpus.
    """
    for first in range(0, len(queries), CHUNK):
        part = select(queries, first, min(first + CHUNK, len(queries)))
        dense, sparse = index.dense(part), index.sparse(part)
        whole = len(index) <= WHOLE
        late = index.multi_vector(part) if whole else None
        for n in range(len(part)):
            rows = np.arange(len(index)) if whole else pool(dense[n], sparse[n])
            column = late[n] if late is not None else _late(index, part, n, rows)
            scores = np.stack([dense[n, rows], sparse[n, rows], column], axis=1)
            yield Candidates(texts[first + n], rows, scores)


def top(scores: Floats, n: int) -> Integers:
    """Rows of the n best scores; among equals at the edge the earlier rows."""
    if n >= len(scores):
        return np.arange(len(scores))
    edge = np.partition(scores, len(scores) - n)[len(scores) - n]
    above = np.flatnonzero(scores > edge)
    return np.union1d(above, np.flatnonzero(scores == edge)[: n - len(above)])


def select(encodings: Encodings, first: int, last: int) -> Encodings:
    """Texts first to last of some encodings."""
    start, end = int(encodings.offsets[first]), int(encodings.offsets[last])
    return Encodings(
        dense=encodings.dense[first:last],
        sparse=encodings.sparse[first:last],
        multi_vector=encodings.multi_vector[start:end],
        offsets=encodings.offsets[first : last + 1] - start,
        token_ids=encodings.token_ids[start:end],
        spans=encodings.spans[start:end],
        tokens=encodings.tokens[first:last],
        truncated=encodings.truncated[first:last],
    )


def _late(index: Index, queries: Encodings, n: int, rows: Integers) -> Floats:
    return np.asarray(index.multi_vector(select(queries, n, n + 1), rows)[0])
