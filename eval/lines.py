"""Two modes, exactly: nDCG along the line between them, without a grid.

At the share t of the second mode a candidate's total is (1 - t)·a + t·b. Along the line a rank
changes only where another candidate's total crosses it, so each relevant passage's gain is a step
function of t, and their sum over all queries is the measure at every t at once. Ties at the very
crossings are single points and are passed over; candidates that tie everywhere keep the order of
the corpus.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from eval.gains import ideal
from eval.resampling import TIE
from eval.surface import Labelled
from studio.errors import SettingsError
from studio.records import MODES, Floats, Integers, Mode


@dataclass(frozen=True, eq=False)
class Line:
    """nDCG@k as a step function: means[i] holds from edges[i] to edges[i + 1], in shares of `to`.

    best: intervals (low, high) of shares where the measure is at its highest.
    """

    start: Mode
    to: Mode
    edges: Floats
    means: Floats
    best: tuple[tuple[float, float], ...]

    def at(self, share: float) -> float:
        """The mean at a share of the second mode that is no crossing."""
        place = int(np.searchsorted(self.edges, share, side="right")) - 1
        return float(self.means[min(place, len(self.means) - 1)])


def line(
    labels: Labelled, columns: Sequence[Floats], start: Mode, to: Mode, depth: int = 10
) -> Line:
    """The headline's mean of nDCG@depth from `start` alone (0) to `to` alone (1)."""
    if start == to:
        raise SettingsError("A line needs two different modes.")
    pair = [MODES.index(start), MODES.index(to)]
    share, level = labels.strata.per_query(), 0.0
    where: list[Floats] = [np.zeros(0)]
    steps: list[Floats] = [np.zeros(0)]
    discount = np.r_[0.0, 1 / np.log2(np.arange(1, depth + 1) + 1)]
    for n, column in enumerate(columns):
        best = ideal(labels.every[n], depth)
        for place, grade in zip(labels.places[n], labels.grades[n], strict=True):
            if grade < 1:
                continue
            at, ranks = crossings(column[:, pair], int(place))
            gains = share[n] * grade / best * discount[np.where(ranks <= depth, ranks, 0)]
            level += gains[0]
            where.append(at)
            steps.append(np.diff(gains))
    return _line(start, to, level, np.concatenate(where), np.concatenate(steps))


def crossings(columns: Floats, place: int) -> tuple[Floats, Integers]:
    """Shares where one candidate's rank changes, ascending, and its rank before and after each."""
    ahead, behind = (columns - columns[place]).T  # lead of the others over it at both ends
    others = np.arange(len(columns)) != place
    constant = ahead == behind
    with np.errstate(divide="ignore", invalid="ignore"):
        at = np.where(constant, np.inf, ahead / (ahead - behind))
    inside = others & (at > 0) & (at < 1)
    # Just behind the start: who leads there, or is level and rises, is ahead; always level: corpus.
    level = ahead == 0
    earlier = np.arange(len(columns)) < place
    first = others & ((ahead > 0) | (level & (behind > 0)) | (level & constant & earlier))
    change = np.where(behind > ahead, 1, -1)
    order = np.argsort(at[inside], kind="stable")
    ranks = 1 + first.sum() + np.cumsum(np.r_[0, change[inside][order]])
    return at[inside][order], ranks


def _line(start: Mode, to: Mode, level: float, where: Floats, steps: Floats) -> Line:
    moved = steps != 0
    order = np.argsort(where[moved], kind="stable")
    at, change = where[moved][order], steps[moved][order]
    edges, first = np.unique(at, return_index=True)
    sums = np.add.reduceat(change, first) if len(edges) else np.zeros(0)
    means = level + np.cumsum(np.r_[0.0, sums])
    whole = np.r_[0.0, edges, 1.0]
    return Line(start, to, whole, means, tuple(_highest(whole, means)))


def _highest(edges: Floats, means: Floats) -> Iterator[tuple[float, float]]:
    """Intervals of the highest mean; neighbours of the same height are one."""
    high = means >= means.max() - TIE
    low = 0.0
    for n, here in enumerate(high):
        if here and (n == 0 or not high[n - 1]):
            low = float(edges[n])
        if here and (n + 1 == len(high) or not high[n + 1]):
            yield low, float(edges[n + 1])
