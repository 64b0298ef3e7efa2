"""Ranks of judged candidates at many weights at once, exactly, mostly without sorting.

A candidate's rank is one more than the candidates that beat it: those of a higher total, and of an
equal one those that stand earlier in the corpus. Totals are the very operations of
`studio.fusion.rank`, in its order, bit for bit. A candidate that is above or below in all three
modes stays so under every weight and is counted once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from studio.records import Bools, Floats, Integers

CACHED = 32_768  # totals computed at a time: 256 KB of float64, about a core's own cache
MANY = 48  # judged candidates of a query from which on sorting is quicker than counting
ROWS = 255  # candidates counted in one byte
CLEAR = 1e-12  # of the largest score: a lead in each mode that no rounding of a sum can eat


def ranks(columns: Floats, places: Integers, weights: Floats, depth: int) -> Integers:
    """(judged, points) int32: each judged candidate's rank under (3, points) weights.

    A rank beyond `depth` may come out smaller than it is, but never within.
    """
    if len(places) > MANY:
        return _chunked(columns, weights, partial(_by_sorting, places=places))
    above, unsettled = _settled(columns, places)
    found = np.repeat(1 + above.sum(axis=1, dtype=np.int32)[:, None], weights.shape[1], axis=1)
    near = np.flatnonzero(found[:, 0] <= depth) if found.size else np.empty(0, np.int64)
    kept = np.union1d(np.flatnonzero(unsettled[near].any(axis=0)), places[near])
    rivals = [np.flatnonzero(row) for row in unsettled[near][:, kept]]
    count = partial(_beaten_by, places=np.searchsorted(kept, places[near]), rivals=rivals)
    found[near] += _chunked(columns[kept], weights, count)
    return found


def _settled(columns: Floats, places: Integers) -> tuple[Bools, Bools]:
    """(judged, n) each: who is above a judged one under every weight, and whose order to it hangs
    on the weights.

    Rounding keeps order: a candidate no lower in each mode has no lower total. A total that is
    really higher, against the order of the corpus, takes a clear lead in each mode.
    """
    lead = CLEAR * float(np.abs(columns).max(initial=0.0))
    after = np.arange(len(columns)) > places[:, None]
    gap = columns - columns[places][:, None]
    least, most = gap.min(axis=2), gap.max(axis=2)
    above = np.where(after, least > lead, least >= 0)
    below = np.where(after, most <= 0, most < -lead)
    above[np.arange(len(places)), places] = False  # nobody is above oneself
    below[np.arange(len(places)), places] = True
    return above, ~(above | below)


def _chunked(columns: Floats, weights: Floats, count: Callable[[Floats], Integers]) -> Integers:
    """What `count` makes of totals, so many points at a time that they stay in the cache."""
    step = max(16, CACHED // max(1, len(columns)))
    firsts = range(0, weights.shape[1], step)
    return np.hstack([count(_totals(columns, weights[:, at : at + step])) for at in firsts])


def _totals(columns: Floats, weights: Floats) -> Floats:
    """(n, points): as `fusion.rank` adds them up, dense first."""
    total = columns[:, 0, None] * weights[0]
    total += columns[:, 1, None] * weights[1]
    total += columns[:, 2, None] * weights[2]
    return np.asarray(total)


def _beaten_by(totals: Floats, places: Integers, rivals: Sequence[Integers]) -> Integers:
    """(judged, points): rivals of a higher total, or of an equal one and earlier in the corpus."""
    found = np.empty((len(places), totals.shape[1]), dtype=np.int32)
    for row, (place, others) in enumerate(zip(places.tolist(), rivals, strict=True)):
        mine, earlier = totals[place], int(np.searchsorted(others, place))
        found[row] = _count(totals[others[:earlier]] >= mine)
        found[row] += _count(totals[others[earlier:]] > mine)
    return found


def _count(beaten: Floats) -> Integers:
    """True values of each column: added up in bytes, which is quickest, 255 rows at a time."""
    octets = beaten.view(np.uint8)
    whole = np.zeros(octets.shape[1], dtype=np.int32)
    for first in range(0, len(octets), ROWS):
        whole += np.add.reduce(octets[first : first + ROWS], axis=0, dtype=np.uint8)
    return whole


def _by_sorting(totals: Floats, places: Integers) -> Integers:
    order = np.argsort(-totals, axis=0, kind="stable")
    every = np.empty(totals.shape, dtype=np.int32)
    np.put_along_axis(every, order, np.arange(1, len(totals) + 1, dtype=np.int32)[:, None], axis=0)
    return np.asarray(every[places])
