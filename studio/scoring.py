"""The three scores as BGE-M3 defines them, as array functions over many queries and passages.

Knows arrays, not texts, files or models. q queries against n passages always give (q, n) float32.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy import sparse as sp

from studio.products import product
from studio.records import Floats, Integers

PASSAGE_BLOCK = 2_048  # token rows of passages scored at a time: 3 MB of float32, a core's cache
STEP = 256  # what the token rows of a block are rounded up to
QUERY_BLOCK = 2_048  # token rows of queries at a time: 2,048 × 2,048 float32 products are 16 MB


def dense(queries: Floats, passages: Floats) -> Floats:
    """Inner product q·p of unit vectors: (q, d) and (n, d) give (q, n)."""
    return np.asarray(product(_float32(queries), _float32(passages)).numpy())


def sparse(queries: sp.csr_array, passages: sp.csr_array | sp.csc_array) -> Floats:
    """Lexical matching Σ_t w_q(t)·w_p(t) over the tokens that both hold.

    Passages by column (CSC) are their postings: only those of the queries' tokens are touched.
    """
    return np.asarray((queries @ passages.T).toarray(), dtype=np.float32)


def multi_vector(
    queries: Floats,
    query_offsets: Integers,
    passages: Floats,
    passage_offsets: Integers,
    chosen: Integers | None = None,
) -> Floats:
    """Late interaction (MaxSim) (1/|q|) Σ_i max_j q_i·p_j (M3 paper, equation 3).

    Both sides are flat: text k owns rows offsets[k] to offsets[k+1], at least one each. `chosen`:
    the passages to score, in the order of the columns; all of them if not given.
    """
    chosen = np.arange(len(passage_offsets) - 1) if chosen is None else chosen
    first_rows, last_rows = passage_offsets[chosen], passage_offsets[chosen + 1]
    packed = np.cumsum([0, *(last_rows - first_rows)])
    parts = blocks(packed, PASSAGE_BLOCK)
    part_of = _Widener(passages, max((packed[b] - packed[a] for a, b in parts), default=0))
    scores = np.empty((len(query_offsets) - 1, len(chosen)), dtype=np.float32)
    for p_first, p_last in parts:
        block = part_of(first_rows[p_first:p_last], last_rows[p_first:p_last])
        p_starts = packed[p_first:p_last] - packed[p_first]
        for q_first, q_last in blocks(query_offsets, QUERY_BLOCK):
            q_rows = slice(int(query_offsets[q_first]), int(query_offsets[q_last]))
            products = product(_float32(queries[q_rows]), block)[
                :, : packed[p_last] - packed[p_first]
            ]
            best = np.maximum.reduceat(products.numpy(), p_starts, axis=1)
            q_starts = query_offsets[q_first:q_last] - query_offsets[q_first]
            lengths = np.diff(query_offsets[q_first : q_last + 1])
            sums = np.add.reduceat(best, q_starts, axis=0)
            scores[q_first:q_last, p_first:p_last] = sums / lengths[:, None]
    return scores


class _Widener:
    """Some texts' rows one behind the other as float32, in memory that each call writes anew.

    Rows are read, widened and put together in one step: fresh memory for each step and block
    takes longer than the step. Their number is rounded up, so that products meet few shapes (see
    `products.product`): what stands behind the rows that were asked for is left from before.
    """

    def __init__(self, rows: Floats, most: int) -> None:
        self._rows = rows
        self._room = torch.zeros((most + STEP, *rows.shape[1:]), dtype=torch.float32)

    def __call__(self, firsts: Integers, lasts: Integers) -> torch.Tensor:
        if (firsts[1:] == lasts[:-1]).all():
            firsts, lasts = firsts[:1], lasts[-1:]  # neighbours: one piece
        at = 0
        for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
            piece = torch.from_numpy(np.asarray(self._rows[first:last]))
            self._room[at : at + last - first].copy_(piece)
            at += last - first
        return self._room[: -(-at // STEP) * STEP]


def _float32(rows: Floats) -> torch.Tensor:
    """Rows of any precision as float32; torch widens float16 several times faster than numpy."""
    return torch.from_numpy(np.asarray(rows)).float()


def blocks(offsets: Integers, size: int) -> list[tuple[int, int]]:
    """Whole texts in runs of at most `size` rows (a longer text stands alone)."""
    blocks, first, n = [], 0, len(offsets) - 1
    while first < n:
        last = int(np.searchsorted(offsets, offsets[first] + size, side="right")) - 1
        last = min(max(last, first + 1), n)
        blocks.append((first, last))
        first = last
    return blocks
