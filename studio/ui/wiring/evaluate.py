"""Events of the tab Evaluate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from eval.published import differences, miracl
from studio.ui import figures, tables
from studio.ui.actions import evaluating as actions
from studio.ui.session import Server, Session
from studio.ui.tabs.evaluate import EvaluateTab
from studio.ui.tabs.search import SearchTab
from studio.ui.wiring.adaptor import MODEL, PRIVATE, handler, visitor
from studio.ui.wiring.search import settings

SAVE = """() => { setTimeout(() => { const e = document.getElementById('%s');
(e.matches('a,button') ? e : e.querySelector('a,button')).click(); }, 100); return []; }"""


def connect_evaluate(
    server: Server, session: gr.State, tab: EvaluateTab, search: SearchTab, demo: gr.Blocks
) -> None:
    """Run, view, open a query, download."""

    def run(
        state: Session,
        name: str,
        dense: float,
        sparse: float,
        late: float,
        way: str,
        k: float,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        chosen = settings(dense, sparse, late, way, k)
        for after, status in actions.run(server, state, visitor(request), name or "", chosen):
            busy = status["kind"] == "busy"
            yield after, status, gr.Button(interactive=not busy), gr.Button(interactive=busy)

    def view(state: Session, grouping: str) -> tuple[Any, ...]:
        figure = figures.by_group(state.evaluation, grouping) if state.evaluation else None
        return actions.overall(state, grouping), figure or figures.empty()

    def beside(state: Session) -> tuple[Any, ...]:
        if state.evaluation is None:
            return gr.skip(), gr.skip(), None, gr.skip()
        reasons = "; ".join(differences(state.evaluation))
        words = f"**Not comparable:** {reasons}. Source of the published column: {miracl().source}."
        return actions.queries(state), tables.published(state.evaluation), None, words

    def opened(state: Session, event: gr.SelectData) -> Any:
        return actions.returned(state, str(event.row_value[0]))

    def cancel(request: gr.Request) -> None:
        server.jobs.cancel(visitor(request))

    def failed() -> tuple[Any, ...]:
        idle = {"kind": "idle", "share": None, "text": "Stopped. Earlier results are as they were."}
        return idle, gr.Button(interactive=True), gr.Button(interactive=False)

    buttons = [tab.status, tab.go, tab.cancel]
    running = tab.go.click(
        handler(run),
        [session, tab.collection, *search.controls],
        [session, *buttons],
        show_progress="hidden",
        **MODEL,
        **PRIVATE,
    )
    viewed = [tab.table, tab.figure]
    running.success(handler(view), [session, tab.view], viewed, **PRIVATE).success(
        handler(beside), session, [tab.queries, tab.published, tab.returned, tab.why_not], **PRIVATE
    )
    running.failure(failed, None, buttons, **PRIVATE)
    tab.cancel.click(cancel, None, None, **PRIVATE)
    tab.view.input(handler(view), [session, tab.view], viewed, **PRIVATE)
    tab.queries.select(handler(opened), session, tab.returned, show_progress="hidden", **PRIVATE)
    demo.load(figures.empty, None, tab.figure, show_progress="hidden", **PRIVATE)
    connect_downloads(session, tab)


def connect_downloads(session: gr.State, tab: EvaluateTab) -> None:
    """One click makes the file and saves it."""
    for button, file, action, elem_id in (
        (tab.csv, tab.csv_file, actions.download_table, "csv-file"),
        (tab.trec, tab.trec_file, actions.download_runs, "trec-file"),
    ):
        button.click(handler(action), session, file, **PRIVATE).success(
            None, None, None, js=SAVE % elem_id, **PRIVATE
        )
