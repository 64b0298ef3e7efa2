"""Events of the tab Evaluate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
from gradio.events import Dependency

from studio.ui import figures, tables
from studio.ui.actions import comparing, dimensions, testsets
from studio.ui.actions import evaluating as actions
from studio.ui.session import Measured, Server, Taken
from studio.ui.tabs.evaluate import EvaluateTab, Shorter
from studio.ui.tabs.search import SearchTab
from studio.ui.wiring.adaptor import (
    MODEL,
    PRIVATE,
    QUIET,
    go_and_cancel,
    handler,
    stoppable,
    visitor,
)
from studio.ui.wiring.bringing import connect_bringing, connect_following
from studio.ui.wiring.search import settings

SAVE = """() => { setTimeout(() => { const e = document.getElementById('%s');
(e.matches('a,button') ? e : e.querySelector('a,button')).click(); }, 100); return []; }"""


def connect_evaluate(
    server: Server,
    measured: gr.State,
    tab: EvaluateTab,
    search: SearchTab,
    opened: gr.Tab,
    demo: gr.Blocks,
) -> Dependency:
    """Run, view, cut the vectors, open a query, download. Gives the event of a run."""
    taken = gr.State(Taken(), time_to_live=3600)
    running = connect_running(server, measured, taken, tab, search)
    connect_viewing(measured, tab, running)
    connect_bringing(server, taken, tab)
    connect_following(measured, tab, search, opened)
    connect_shorter(server, measured, tab.shorter, running)
    demo.load(empty_figures, None, [tab.figure, tab.shorter.figure], **QUIET)
    connect_downloads(measured, tab)
    return running


def connect_running(
    server: Server, measured: gr.State, taken: gr.State, tab: EvaluateTab, search: SearchTab
) -> Dependency:
    """Run with progress; cancel; either way the buttons come back."""

    def run(
        last: Measured,
        brought: Taken,
        name: str,
        protocol: str,
        dense: float,
        sparse: float,
        late: float,
        way: str,
        k: float | None,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        chosen = settings(dense, sparse, late, way, k)
        reading = {"kind": "busy", "share": None, "text": "Reading the collection…"}
        yield last, gr.skip(), reading, *go_and_cancel(True)
        collection = testsets.load(server, name or "", brought)
        power = comparing.expected(len(collection.queries))
        steps = actions.run(server, last, visitor(request), collection, protocol, chosen)
        for after, status in steps:
            yield after, power, status, *go_and_cancel(status["kind"] == "busy")

    def failed(last: Measured) -> tuple[Any, ...]:
        return actions.stopped(last), *go_and_cancel(False)

    buttons = [tab.status, tab.go, tab.cancel]
    running = tab.go.click(
        handler(run),
        [measured, taken, tab.collection, tab.protocol, *search.controls],
        [measured, tab.power, *buttons],
        show_progress="hidden",
        **MODEL,
        **PRIVATE,
    )
    running.failure(failed, measured, buttons, **PRIVATE)
    stoppable(server, tab.cancel)
    return running


def connect_viewing(measured: gr.State, tab: EvaluateTab, running: Dependency) -> None:
    """Table and figure by group, the published numbers, one query opened."""

    def view(last: Measured, asked: str) -> tuple[Any, ...]:
        grouping = actions.grouping_of(last, asked)
        if last.evaluation is not None and grouping != asked:
            gr.Info(f"{last.evaluation.scored.collection.name} names no {asked} of its queries.")
        figure = (
            figures.by_group(last.evaluation, grouping, last.comparison)
            if last.evaluation
            else figures.empty()
        )
        return actions.overall(last, grouping), figure

    def compare(last: Measured, asked: str) -> tuple[Any, ...]:
        after = comparing.compare(last)
        said = f"{comparing.power(after)}\n\n{comparing.lacking(after)}"
        return after, *view(after, asked), tables.pairs(after.comparison), said

    def beside(last: Measured) -> tuple[Any, ...]:
        return actions.queries(last), None, *comparing.published(last)

    def look(last: Measured, event: gr.SelectData) -> Any:
        return actions.returned(last, str(event.row_value[0]))

    viewed = [tab.table, tab.figure]
    running.success(handler(view), [measured, tab.view], viewed, **PRIVATE).success(
        handler(beside),
        measured,
        [tab.queries, tab.returned, tab.published, tab.why_not],
        **PRIVATE,
    ).success(
        handler(compare),
        [measured, tab.view],
        [measured, *viewed, tab.pairs, tab.power],
        **QUIET,
    )
    tab.view.input(handler(view), [measured, tab.view], viewed, **PRIVATE)
    tab.queries.select(handler(look), measured, tab.returned, **QUIET)


def connect_shorter(
    server: Server, measured: gr.State, section: Shorter, running: Dependency
) -> None:
    """Draw with progress; cancel; another evaluation takes the old drawing away."""

    def draw(last: Measured, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        for curve, status in dimensions.draw(server, last, visitor(request)):
            busy = curve is None
            made = (figures.by_dimension(curve), tables.dimensions(curve.points)) if curve else None
            yield *(made or (gr.skip(), gr.skip())), status, *go_and_cancel(busy)

    def failed(last: Measured) -> tuple[Any, ...]:
        return dimensions.waiting(last), *go_and_cancel(False)

    def clear(last: Measured) -> tuple[Any, ...]:
        return undrawn(), tables.dimensions(), dimensions.waiting(last)

    buttons = [section.status, section.go, section.cancel]
    drawing = section.go.click(
        handler(draw),
        measured,
        [section.figure, section.table, *buttons],
        show_progress="hidden",
        **MODEL,
        **PRIVATE,
    )
    drawing.failure(failed, measured, buttons, **PRIVATE)
    stoppable(server, section.cancel)
    running.success(clear, measured, [section.figure, section.table, section.status], **QUIET)


def empty_figures() -> tuple[Any, Any]:
    """Both figures before a run."""
    return figures.empty(), undrawn()


def undrawn() -> Any:
    """The place of nDCG@10 against dimension."""
    return figures.empty("nDCG@10 against dimension, after Draw", height=120)


def connect_downloads(measured: gr.State, tab: EvaluateTab) -> None:
    """One click makes the file and saves it."""
    for button, file, action, elem_id in (
        (tab.csv, tab.csv_file, actions.download_table, "csv-file"),
        (tab.trec, tab.trec_file, actions.download_runs, "trec-file"),
    ):
        button.click(handler(action), measured, file, **PRIVATE).success(
            None, None, None, js=SAVE % elem_id, **PRIVATE
        )
