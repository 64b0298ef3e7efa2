"""Events of the tab Weights beyond the triangle itself, which moves in the browser alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
from gradio.events import Dependency

from studio.ui import curves, figures, landscape
from studio.ui.actions import taking, weighing
from studio.ui.session import Aim, Asked, Laid, Measured, Server
from studio.ui.tabs.search import SearchTab
from studio.ui.tabs.weights import Tuning, WeightsTab
from studio.ui.wiring.adaptor import (
    MODEL,
    PRIVATE,
    QUIET,
    go_and_cancel,
    handler,
    stoppable,
    stopped,
    visitor,
)
from studio.ui.wiring.search import settings

LAYING: dict[str, Any] = {"concurrency_id": "weights", "concurrency_limit": 1}
SHOW = "(view) => { window.studio.show(view); return []; }"
WAY = "(way) => { window.studio.combine(way); return [way]; }"
# The sliders of a tab that was never opened may be behind what the triangle set.
MIX_NOW = "(laid) => [laid, ...window.studio.weights()]"
SETTING_NOW = """(laid, tuned, asked, d, s, m, way, k) =>
  [laid, tuned, asked, ...window.studio.weights(), way, k]"""
AS_IT_IS = (gr.skip(),) * 3  # a generator that yields nothing would empty what it may write
Controls = tuple[Any, ...]


def connect_weighing(
    server: Server,
    measured: gr.State,
    asked: gr.State,
    tab: WeightsTab,
    search: SearchTab,
    opened: gr.Tab,
    running: Dependency,
) -> None:
    """Lay the surface when the tab is opened or its controls change; tune; draw; take away."""
    laid = gr.State(None, time_to_live=3600)
    tuned = gr.State(None, time_to_live=3600)  # apart: a finer surface may come after the verdict
    laying = connect_laying(measured, laid, tab, search, opened, running)
    connect_mix(server, (laid, tuned, asked), tab, search, laying)
    connect_tuning(server, laid, tuned, tab.tuning, running)
    connect_lines(server, laid, tab, search, running)


def connect_laying(
    measured: gr.State,
    laid: gr.State,
    tab: WeightsTab,
    search: SearchTab,
    opened: gr.Tab,
    running: Dependency,
) -> tuple[Dependency, Dependency]:
    """Coarse at once, then fine. The view turns to the collection when there is something new."""

    def lay(
        last: Measured, before: Laid | None, measure: str, *controls: Any
    ) -> Iterator[tuple[Any, ...]]:
        if last.evaluation is None:
            yield AS_IT_IS
            return
        asked = aim(last, measure, controls)
        turned = before is None or before.scored is not last.scored
        for after in weighing.lay(last, before, asked):
            if after is before:
                yield AS_IT_IS
                return
            yield after, landscape.picture(after), "collection" if turned else gr.skip()

    # A new evaluation is laid when its tab is looked at, not behind another one.
    controls = [*search.controls, *tab.limits.controls]
    inputs = [measured, laid, tab.measure, *controls]
    outputs = [laid, tab.simplex, tab.view]
    numbers = [tab.limits.budget, *tab.limits.bounds]
    combined = tab.way.input(None, tab.way, search.way, js=WAY, **PRIVATE)
    triggers = [opened.select, tab.measure.change, tab.limits.unit.input]
    triggers += [number.submit for number in numbers] + [number.blur for number in numbers]
    run: dict[str, Any] = {"trigger_mode": "always_last", **LAYING, **QUIET}
    laying: Dependency = gr.on(triggers, handler(lay), inputs, outputs, **run)
    again: Dependency = combined.success(handler(lay), inputs, outputs, **run)
    tab.view.change(None, tab.view, None, js=SHOW, **PRIVATE)
    search.way.input(None, search.way, tab.way, js="(way) => [way]", **PRIVATE)
    opened.select(handler(weighing.priced), measured, tab.limits.costs, **QUIET)
    running.success(lambda: None, None, laid, **QUIET)
    return laying, again


def aim(last: Measured, measure: str, controls: Controls) -> Aim:
    """The controls in their order: three weights, the way, RRF's k; six bounds; unit, budget."""
    *mixer, way, k = controls[:5]
    chosen = settings(*_some(mixer), way, k)
    unit, budget = controls[11:]
    return weighing.aim(chosen, measure or "nDCG@10", controls[5:11], unit, budget, last)


def connect_mix(
    server: Server,
    states: tuple[gr.State, gr.State, gr.State],
    tab: WeightsTab,
    search: SearchTab,
    laying: tuple[Dependency, Dependency],
) -> None:
    """The mix of the dot, exactly, and its texts, once the dot rests."""

    def show(there: Laid | None, dense: float, sparse: float, late: float) -> dict[str, Any] | None:
        return weighing.at(there, (dense, sparse, late))

    def texts(
        there: Laid | None,
        held_out: Laid | None,
        last: Asked,
        dense: float,
        sparse: float,
        late: float,
        way: str,
        k: float | None,
        request: gr.Request,
    ) -> str:
        chosen = settings(dense, sparse, late, way, k)
        verdict = held_out if there and held_out and held_out.scored is there.scored else None
        return taking.texts(server, visitor(request), last, verdict or there, chosen)

    mix, setting = [states[0], *search.sliders], [*states, *search.controls]
    late: dict[str, Any] = {"trigger_mode": "always_last", **QUIET}
    for event in (tab.simplex.picked, *(one.success for one in laying)):
        event(handler(show), mix, tab.at, js=MIX_NOW, **late)
        event(handler(texts), setting, tab.takeaway, js=SETTING_NOW, **late)


def connect_tuning(
    server: Server, laid: gr.State, tuned: gr.State, tuning: Tuning, running: Dependency
) -> None:
    """Hold out with progress; cancel; another evaluation takes the old verdict away."""

    def tune(
        there: Laid | None, split: str, folds: float | None, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        by_language = split == "language"
        for after, status in weighing.tune(server, there, visitor(request), folds, by_language):
            busy = status["kind"] == "busy"
            found = gr.skip() if busy else landscape.verdict(after)
            yield after, found, status, *go_and_cancel(busy)

    buttons = [tuning.status, tuning.go, tuning.cancel]
    work = tuning.go.click(
        handler(tune),
        [laid, tuning.split, tuning.folds],
        [tuned, tuning.verdict, *buttons],
        show_progress="hidden",
        **MODEL,
        **PRIVATE,
    )
    work.failure(stopped, None, buttons, **PRIVATE)
    stoppable(server, tuning.cancel)
    running.success(lambda: (None, None), None, [tuned, tuning.verdict], **QUIET)


def connect_lines(
    server: Server, laid: gr.State, tab: WeightsTab, search: SearchTab, running: Dependency
) -> None:
    """Draw with progress; cancel; another evaluation takes the old drawing away."""
    lines = tab.lines

    def draw(
        there: Laid | None, dense: float, sparse: float, late: float, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        mix = dense, sparse, late
        for found, status in weighing.draw(server, there, mix, visitor(request)):
            made = (curves.figure(found), curves.sentence(found)) if found else (gr.skip(),) * 2
            yield *made, status, *go_and_cancel(found is None)

    buttons = [lines.status, lines.go, lines.cancel]
    work = lines.go.click(
        handler(draw),
        [laid, *search.sliders],
        [lines.figure, lines.words, *buttons],
        show_progress="hidden",
        **MODEL,
        **PRIVATE,
    )
    work.failure(stopped, None, buttons, **PRIVATE)
    stoppable(server, lines.cancel)
    running.success(lambda: (undrawn(), ""), None, [lines.figure, lines.words], **QUIET)


def undrawn() -> Any:
    """The place of the lines before they are drawn."""
    return figures.empty("Two modes along a line, and RRF by k, after Draw", height=120)


def _some(mixer: list[float]) -> tuple[float, float, float]:
    """The sliders' weights; where all are 0 the surface does not mind, and the search says it."""
    return (mixer[0], mixer[1], mixer[2]) if any(mixer) else (1.0, 1.0, 1.0)
