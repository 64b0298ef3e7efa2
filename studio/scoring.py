"""The three scores as BGE-M3 defines them, as array functions over many queries and passages.

Knows arrays, not texts, files or models. q queries against n passages always give (q, n) float32.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy import sparse as sp

from studio.records import Floats, Integers

PASSAGE_BLOCK = 2_048  # token rows of passages scored at a time: 3 MB of float32, a core's cache
QUERY_BLOCK = 2_048  # token rows of queries at a time: 2,048 × 2,048 float32 products are 16 MB


def dense(queries: Floats, passages: Floats) -> Floats:
    """Inner product q·p of unit vectors: (q, d) and (n, d) give (q, n)."""
    return _product(_float32(queries), _float32(passages))


def sparse(queries: sp.csr_array, passages: sp.csr_array) -> Floats:
    """Lexical matching Σ_t w_q(t)·w_p(t) over the tokens that both hold."""
    return np.asarray((queries @ passages.T).toarray(), dtype=np.float32)


def multi_vector(
    queries: Floats, query_offsets: Integers, passages: Floats, passage_offsets: Integers
) -> Floats:
    """Late interaction (MaxSim) (1/|q|) Σ_i max_j q_i·p_j (M3 paper, equation 3).

    Both sides are flat: text k owns rows offsets[k] to offsets[k+1], at least one each.
    """
    scores = np.empty((len(query_offsets) - 1, len(passage_offsets) - 1), dtype=np.float32)
    for p_first, p_last in blocks(passage_offsets, PASSAGE_BLOCK):
        rows = slice(int(passage_offsets[p_first]), int(passage_offsets[p_last]))
        block = _float32(passages[rows])
        p_starts = passage_offsets[p_first:p_last] - passage_offsets[p_first]
        for q_first, q_last in blocks(query_offsets, QUERY_BLOCK):
            q_rows = slice(int(query_offsets[q_first]), int(query_offsets[q_last]))
            products = _product(_float32(queries[q_rows]), block)
            best = np.maximum.reduceat(products, p_starts, axis=1)
            q_starts = query_offsets[q_first:q_last] - query_offsets[q_first]
            lengths = np.diff(query_offsets[q_first : q_last + 1])
            sums = np.add.reduceat(best, q_starts, axis=0)
            scores[q_first:q_last, p_first:p_last] = sums / lengths[:, None]
    return scores


def _product(left: torch.Tensor, right: torch.Tensor) -> Floats:
    """left @ right.T, by torch: it uses all cores where numpy's build may not."""
    with torch.inference_mode():
        return np.asarray((left @ right.T).numpy())


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
