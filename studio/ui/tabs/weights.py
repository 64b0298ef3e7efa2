"""The tab Weights: every mix of the three modes at a glance, for a query or a whole collection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import gradio as gr

from studio.ui.tabs.parts import drawn, go_and_cancel, heading, progress

SIMPLEX = (
    "<p class='status' role='status' data-empty='Search first: the triangle will then show which "
    "passage comes first at each mix.' data-unmeasured='Run an evaluation in the tab Evaluate: the "
    "triangle will then show its measure at each mix.'></p><div class='stage'></div>"
    "<div class='side'><ol class='legend'></ol><table class='pins-table'></table></div>"
)
AT = "<p class='status'>One mix, query by query, after an evaluation.</p><div class='panel'></div>"
VERDICT = (
    "<p class='status'>Is a better mix more than luck? Hold out tries it on queries that had no "
    "say in choosing it.</p><div class='panel'></div>"
)
TAKEAWAY = "<div class='panel'></div>"
VIEWS = [("This query", "query"), ("This collection", "collection")]
MEASURES = ("nDCG@10", "nDCG@5", "nDCG@20", "Recall@10", "Recall@100", "MRR@10", "MAP")
SPLITS = [
    ("Folds, each language dealt out evenly", "folds"),
    ("One language at a time", "language"),
]
BUDGETS = [("no budget", ""), ("bytes a passage", "bytes"), ("ms a query", "milliseconds")]
NAMES = (("Dense", "dense"), ("Sparse", "sparse"), ("ColBERT", "multi-vector"))


@dataclass(frozen=True)
class Limits:
    """Least and most share of each mode in turn, and what a mix may cost."""

    bounds: tuple[gr.Number, ...]
    unit: gr.Dropdown
    budget: gr.Number
    costs: gr.Markdown

    @property
    def controls(self) -> list[gr.components.Component]:
        return [*self.bounds, self.unit, self.budget]


@dataclass(frozen=True)
class Tuning:
    """Held-out tuning."""

    split: gr.Radio
    folds: gr.Number
    go: gr.Button
    cancel: gr.Button
    status: gr.HTML
    verdict: gr.HTML


@dataclass(frozen=True)
class Lines:
    """Two modes along a line, and RRF by k."""

    go: gr.Button
    cancel: gr.Button
    status: gr.HTML
    figure: gr.Plot
    words: gr.Markdown


@dataclass(frozen=True)
class WeightsTab:
    """The triangle sets the sliders of the tab Search."""

    view: gr.Radio
    way: gr.Radio
    measure: gr.Dropdown
    limits: Limits
    simplex: gr.HTML
    at: gr.HTML
    tuning: Tuning
    lines: Lines
    takeaway: gr.HTML


def layout(ways: Sequence[tuple[str, str]]) -> WeightsTab:
    """The triangle on top, then what it means: one mix, tuning, lines, what to take away."""
    with gr.Row(elem_id="weights-head", equal_height=False):
        view = gr.Radio(
            VIEWS, value="query", label="Show", elem_id="weights-view", scale=3, min_width=230
        )
        way = gr.Radio(
            list(ways), value="none", label="Scores are combined", elem_id="weights-way", scale=4,
            min_width=300,
        )  # fmt: skip
        measure = gr.Dropdown(
            list(MEASURES), value=MEASURES[0], label="Measure (nDCG@k, Recall@k, MRR@k, MAP)",
            allow_custom_value=True, elem_id="weights-measure", scale=2, min_width=180,
        )  # fmt: skip
    heading(
        "Every mix of the three",
        "A corner is one mode alone, the middle an equal mix. Drag the dot, click, or use the "
        "arrow keys; Home goes to the best mix. The sliders in Search follow, and the results with "
        "them.",
    )
    simplex = drawn("simplex", SIMPLEX, "simplex", events=("picked",))
    limits = _limits()
    heading("This mix, query by query", "Against the default, 1 / 0.3 / 1.")
    at = drawn("mix", AT, "at-mix")
    tuning, lines = _tuning(), _lines()
    heading(
        "Take it away",
        "The present setting as a sentence, as commands, and as configuration of search engines, "
        "with what differs there.",
    )
    takeaway = drawn("takeaway", TAKEAWAY, "takeaway")
    return WeightsTab(view, way, measure, limits, simplex, at, tuning, lines, takeaway)


def _limits() -> Limits:
    """Folded: few need it."""
    bounds = []
    with gr.Accordion("Limits and budget", open=False, elem_id="limits"):
        with gr.Row():
            for title, key in NAMES:
                for end, value in (("at least", 0), ("at most", 1)):
                    bounds.append(
                        gr.Number(
                            value,
                            step=0.05,
                            label=f"{title}, {end}",
                            elem_id=f"{key}-{end.replace(' ', '-')}",
                            min_width=110,
                        )
                    )
        with gr.Row():
            unit = gr.Dropdown(
                BUDGETS, value="", label="A mix may cost", elem_id="budget-unit", min_width=150
            )
            budget = gr.Number(None, label="at most", elem_id="budget", min_width=110)
            costs = gr.Markdown(
                "What each mode costs stands here after an evaluation.", elem_id="costs"
            )
    return Limits(tuple(bounds), unit, budget, costs)


def _tuning() -> Tuning:
    heading(
        "Would tuned weights hold up?",
        "Weights are chosen on one part of the queries and judged on the other, again and again.",
    )
    with gr.Row(equal_height=False, elem_id="tuning"):
        split = gr.Radio(
            SPLITS, value="folds", label="Hold out", elem_id="tune-split", scale=5, min_width=260
        )
        folds = gr.Number(5, precision=0, label="Folds", elem_id="tune-folds", min_width=80)
        go, cancel = go_and_cancel("Hold out", "tune", "primary")
    status = progress("tune-status")
    verdict = drawn("verdict", VERDICT, "verdict")
    return Tuning(split, folds, go, cancel, status, verdict)


def _lines() -> Lines:
    with gr.Row(equal_height=False):
        with gr.Column(scale=10, min_width=320):
            heading(
                "Two modes, and RRF by k",
                "nDCG along a line between two modes is exact: it changes only where two passages "
                "swap.",
            )
        go, cancel = go_and_cancel("Draw", "lines", "secondary")
    status = progress("lines-status")
    figure = gr.Plot(show_label=False, elem_id="lines-figure")
    words = gr.Markdown("", elem_id="lines-words")
    return Lines(go, cancel, status, figure, words)
