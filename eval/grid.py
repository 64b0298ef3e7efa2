"""Points of the simplex: mixes of the three modes whose shares add up to 1, counted in integers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from studio.errors import SettingsError
from studio.records import MODE_TITLES, MODES, Floats, Integers

STEP = 0.05  # 231 points
MOST_PARTS = 200  # 20,301 points


def parts(step: float) -> int:
    """Into how many steps an edge is cut: .05 are 20. Raises SettingsError."""
    if not (math.isfinite(step) and 0 < step <= 1):
        raise SettingsError(f"The step is {step:g}; it must be above 0 and at most 1, such as .05.")
    whole = round(1 / step)
    if abs(whole * step - 1) > 1e-6:
        raise SettingsError(f"A step of {step:g} does not divide 1. Use .1, .05, .02 or .01.")
    if whole > MOST_PARTS:
        raise SettingsError(f"A step of {step:g} is too fine; the finest is {1 / MOST_PARTS:g}.")
    return whole


def triangle(edge: int) -> Integers:
    """All (d, s, m) of whole numbers that add up to `edge`: (edge + 1)(edge + 2) / 2 rows.

    20 give 231 points, 100 give 5,151; dense falls along the rows, then sparse.
    """
    rows = [(d, s, edge - d - s) for d in range(edge, -1, -1) for s in range(edge - d, -1, -1)]
    return np.asarray(rows, dtype=np.int64)


def shares(counts: Integers) -> Floats:
    """Whole numbers as shares of their sum, each the float nearest to its fraction."""
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def simplex(step: float = STEP) -> Floats:
    """(points, 3) weights that add up to 1."""
    return shares(triangle(parts(step)))


@dataclass(frozen=True)
class Limits:
    """What a mix may be: least and most share of each mode, and what it may cost.

    `costs` are what each mode costs a passage or a query (bytes, milliseconds); a mode whose
    weight is 0 is not kept and costs nothing. `budget` is the most they may add up to.
    """

    least: tuple[float, float, float] = (0.0, 0.0, 0.0)
    most: tuple[float, float, float] = (1.0, 1.0, 1.0)
    costs: tuple[float, float, float] = (0.0, 0.0, 0.0)
    budget: float = math.inf
    unit: str = ""

    def __post_init__(self) -> None:
        for mode, low, high in zip(MODES, self.least, self.most, strict=True):
            if not 0 <= low <= high <= 1:
                raise SettingsError(
                    f"{MODE_TITLES[mode]} from {low:g} to {high:g} is no share of 1. "
                    "Give two numbers from 0 to 1, the smaller first."
                )
        if min(self.costs) < 0 or math.isnan(self.budget):
            raise SettingsError("Costs and budget must be numbers, 0 or more.")

    def allow(self, weights: Floats) -> Integers:
        """Rows of the points that keep the limits. Raises SettingsError where none does."""
        slack = 1e-9  # shares are fractions: 6/20 and .3 may differ in the last bit
        inside = (weights >= np.asarray(self.least) - slack) & (
            weights <= np.asarray(self.most) + slack
        )
        affordable = self.cost(weights) <= self.budget * (1 + slack)
        rows = np.flatnonzero(inside.all(axis=1) & affordable)
        if not len(rows):
            cheapest = min(self.costs)
            raise SettingsError(
                f"None of the {len(weights):,} mixes keeps these limits. Loosen one of them."
                + (f" The cheapest mode costs {cheapest:,.2f} {self.unit}." if self.unit else "")
            )
        return rows

    def cost(self, weights: Floats) -> Floats:
        """What each point costs: the sum over the modes it uses."""
        return np.asarray((weights > 0) @ np.asarray(self.costs))


def nearest(weights: Floats, point: Sequence[float]) -> Integers:
    """Rows from the nearest to the farthest of a point, scaled to shares first."""
    share = np.asarray(point, dtype=np.float64) / sum(point)
    return np.argsort(((weights - share) ** 2).sum(axis=1), kind="stable")
