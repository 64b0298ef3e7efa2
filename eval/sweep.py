"""The weights laboratory in one: surface, best region, baselines, held-out verdict, headroom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from eval import power, surface, tuning
from eval.grid import STEP, Limits, simplex
from eval.headroom import Headroom, headroom
from eval.modes import by_mode
from eval.region import region
from eval.surface import Labelled
from eval.tuning import HeldOut
from studio.records import MODE_TITLES, MODES, Floats, FusionSettings, Integers, Progress, silent

PUBLISHED: dict[str, tuple[float, float, float]] = {
    "paper-miracl": (1.0, 0.3, 1.0),
    "paper-mldr": (0.15, 0.5, 0.35),
    "equal": (1.0, 1.0, 1.0),
}
DEFAULT = PUBLISHED["paper-miracl"]


@dataclass(frozen=True, eq=False)
class Surface:
    """A measure over the simplex: weights (points, 3), means (points,), values (queries, points).

    best: row of the best point; region: rows of all that the labels cannot tell from it.
    """

    measure: str
    weights: Floats
    values: Floats
    means: Floats
    best: int
    region: Integers


@dataclass(frozen=True, eq=False)
class Swept:
    """A sweep of one collection under one normalisation."""

    settings: FusionSettings
    surface: Surface
    baselines: Mapping[str, float]
    held_out: HeldOut
    headroom: Headroom
    power: str
    queries: int
    about: Mapping[str, Any] = field(default_factory=dict)


def measure_surface(
    labels: Labelled,
    settings: FusionSettings,
    measure: str = "nDCG@10",
    step: float = STEP,
    limits: Limits | None = None,
    columns: Sequence[Floats] | None = None,
) -> Surface:
    """The measure at every point of the grid that keeps the limits, and its best region."""
    weights = simplex(step)
    weights = weights[(limits or Limits()).allow(weights)]
    if columns is None:
        columns = surface.normalised(labels, settings)
    values = surface.values(labels, columns, weights, measure)
    means = labels.strata.per_query() @ values
    best = tuning.best(means, weights, DEFAULT)
    return Surface(measure, weights, values, means, best, region(values, labels.strata))


def sweep(
    labels: Labelled,
    settings: FusionSettings,
    measure: str = "nDCG@10",
    step: float = STEP,
    limits: Limits | None = None,
    folds: int = tuning.FOLDS,
    repeats: int = tuning.REPEATS,
    leave_language_out: bool = False,
    progress: Progress = silent,
    about: Mapping[str, Any] | None = None,
) -> Swept:
    """Everything about the weights of one collection; `settings.weights` do not matter."""
    progress(0, 4, "weighing")
    columns = surface.normalised(labels, settings)
    found = measure_surface(labels, settings, measure, step, limits, columns)
    progress(1, 4, "weighing")
    default = surface.values(labels, columns, np.asarray([DEFAULT]), measure)[:, 0]
    baselines = baseline_values(labels, columns, measure)
    progress(2, 4, "weighing")
    kept = tuning.held_out(
        found.values, default, found.weights, labels.languages, DEFAULT,
        folds, repeats, leave_language_out,
    )  # fmt: skip
    progress(3, 4, "weighing")
    kept = replace(kept, reason=kept.reason + alone_as_good(found))
    single = max(baselines[mode] for mode in MODES)
    room = headroom(labels, columns, found.weights, found.values, found.best, single, measure)
    seen = power.power(len(labels.queries), typical_spread(found, default, labels), measure)
    progress(4, 4, "weighing")
    return Swept(
        settings=settings,
        surface=found,
        baselines=baselines,
        held_out=kept,
        headroom=room,
        power=power.sentence(seen),
        queries=len(labels.queries),
        about=dict(about or {}),
    )


def alone_as_good(found: Surface) -> str:
    """Says which modes alone the labels cannot tell from the best mix: '' where there is none."""
    corners = found.weights[found.region] == 1  # a share of 1 is n/n, exactly
    modes = [MODE_TITLES[mode] for n, mode in enumerate(MODES) if corners[:, n].any()]
    return f" {' and '.join(modes)} alone: not told from the best mix." if modes else ""


def baseline_values(labels: Labelled, columns: Sequence[Floats], measure: str) -> dict[str, float]:
    """Means of what a tuned mix must beat: each mode, the published weights, RRF with k = 60."""
    share = labels.strata.per_query()
    alone = by_mode(labels, FusionSettings(), [measure], MODES)
    found: dict[str, float] = {m: float(share @ alone[m][measure]) for m in MODES}
    weights = np.asarray(list(PUBLISHED.values()))
    means = share @ surface.values(labels, columns, weights, measure)
    found |= dict(zip(PUBLISHED, means.tolist(), strict=True))
    ranks = surface.normalised(labels, FusionSettings(method="rrf"))
    found["rrf"] = float(
        share @ surface.values(labels, ranks, np.ones((1, len(MODES))), measure)[:, 0]
    )
    return found


def typical_spread(found: Surface, default: Floats, labels: Labelled) -> float:
    """The middle one, over all mixes, of the spreads of their differences to the default."""
    differences = found.values - default[:, None]
    spreads = [power.spread(column, labels.languages) for column in differences.T]
    return float(np.median([spread for spread in spreads if spread is not None] or [0.0]))


def rrf_curve(
    labels: Labelled, ks: Sequence[float], weights: tuple[float, float, float], measure: str
) -> Floats:
    """Means by RRF's k."""
    share, points = labels.strata.per_query(), np.asarray([weights])
    settings = [FusionSettings(method="rrf", rrf_k=k) for k in ks]
    columns = (surface.normalised(labels, one) for one in settings)
    return np.asarray([share @ surface.values(labels, c, points, measure)[:, 0] for c in columns])
