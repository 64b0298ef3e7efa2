"""All weights of the evaluation at hand: the measure over the triangle, one mix, a verdict."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal
from weakref import WeakKeyDictionary

from eval import costs, surface, sweep
from eval.evaluation import Scored
from eval.grid import Limits
from eval.measures import canonical
from eval.sweep import Swept, measure_surface
from studio.errors import SettingsError
from studio.records import FusionSettings
from studio.ui import curves, landscape
from studio.ui.actions.corpus import Status, step_status
from studio.ui.actions.evaluating import with_stage
from studio.ui.session import Aim, Laid, Measured, Server

STEPS = (0.05, 0.02, 0.01)  # 231 points at once, then 1,326, then 5,151
PATIENCE = 10.0  # seconds that a finer one may take: nobody can stop it
NOTHING = "Run an evaluation in the tab Evaluate first; its scores are weighed here."
Bounds = Sequence[float | None]
PRICES: WeakKeyDictionary[Scored, dict[str, costs.Costs]] = WeakKeyDictionary()


def aim(
    settings: FusionSettings,
    measure: str,
    bounds: Bounds,
    unit: costs.Unit | Literal[""],
    budget: float | None,
    measured: Measured,
) -> Aim:
    """What the controls say. `bounds` are the least and the most of each mode, in turn; an empty
    one is none. Weights do not matter here. Raises SettingsError."""
    least = [0.0 if low is None else float(low) for low in bounds[::2]]
    most = [1.0 if high is None else float(high) for high in bounds[1::2]]
    limits = Limits((least[0], least[1], least[2]), (most[0], most[1], most[2]))
    if unit and budget is not None and measured.scored is not None:
        price = prices(measured.scored)[unit]
        limits = replace(limits, costs=price, budget=float(budget), unit=costs.UNITS[unit])
    return Aim(replace(settings, weights=sweep.DEFAULT), canonical(measure), limits)


def lay(measured: Measured, laid: Laid | None, asked: Aim) -> Iterator[Laid]:
    """The measure over the triangle: coarse at once, then as fine as can be had in time.

    What is laid already is given back as it is.
    """
    scored = needed(measured)
    if laid is not None and laid.of(scored, asked):
        yield laid
        return
    labels = surface.of(scored)
    columns = surface.normalised(labels, asked.settings)
    for step, finer in zip(STEPS, (*STEPS[1:], None), strict=True):
        started = time.perf_counter()
        found = measure_surface(labels, asked.settings, asked.measure, step, asked.limits, columns)
        spent = time.perf_counter() - started
        more = finer is not None and spent * points(finer) / points(step) <= PATIENCE
        yield Laid(scored, asked, labels, columns, found, more)
        if not more:
            return


def points(step: float) -> int:
    """How many mixes a step gives."""
    return math.comb(round(1 / step) + 2, 2)


def needed(measured: Measured) -> Scored:
    """The scores of the last evaluation. Raises SettingsError where there is none to weigh."""
    if measured.scored is None:
        raise SettingsError(NOTHING)
    return measured.scored


def at(laid: Laid | None, weights: Sequence[float]) -> dict[str, Any] | None:
    """One mix, exactly: its numbers, and the queries it gains and loses against the default."""
    if laid is None or not any(weights):
        return None
    return landscape.mix(laid, (weights[0], weights[1], weights[2]))


def tune(
    server: Server, laid: Laid | None, visitor: str, folds: float | None, by_language: bool
) -> Iterator[tuple[Laid, Status]]:
    """Choose on one part of the queries and judge on the other, again and again."""
    if laid is None:
        raise SettingsError(NOTHING)
    asked = laid.aim
    for step in server.jobs.run(
        visitor,
        lambda told: sweep.sweep(
            laid.labels,
            asked.settings,
            asked.measure,
            STEPS[0],
            asked.limits,
            whole(folds),
            leave_language_out=by_language,
            progress=told,
            about={"collection": laid.scored.collection.name},
        ),
    ):
        if isinstance(step, Swept):
            yield replace(laid, swept=step), {"kind": "done", "share": 1.0, "text": ""}
        else:
            yield laid, with_stage(step_status(step, "steps"), step.what)


def whole(folds: float | None) -> int:
    """Folds as typed. Raises SettingsError."""
    if folds is None or folds != int(folds):
        raise SettingsError("Type the number of folds: a whole number, 5 is usual.")
    return int(folds)


def prices(scored: Scored) -> Mapping[str, costs.Costs]:
    """What each mode costs, by unit; measured once, so that the same question stays the same."""
    if scored not in PRICES:
        PRICES[scored] = {unit: costs.costs(scored, unit) for unit in costs.UNITS}
    return PRICES[scored]


def priced(measured: Measured) -> str:
    """The same in words."""
    if measured.scored is None or measured.scored.protocol != "studio":
        return "What each mode costs stands here after an evaluation."
    found = prices(measured.scored)
    return " ".join(costs.sentence(found[unit], unit) for unit in costs.UNITS)


def draw(
    server: Server, laid: Laid | None, weights: tuple[float, float, float], visitor: str
) -> Iterator[tuple[curves.Curves | None, Status]]:
    """Two modes along a line, three times, and RRF by k."""
    if laid is None:
        raise SettingsError(NOTHING)
    mix = weights if any(weights) else (1.0, 1.0, 1.0)
    for step in server.jobs.run(visitor, lambda told: curves.curves(laid, mix, told)):
        if isinstance(step, curves.Curves):
            yield step, {"kind": "done", "share": 1.0, "text": landscape.of(laid)}
        else:
            yield None, with_stage(step_status(step, "lines"), step.what)
