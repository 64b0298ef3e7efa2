"""The tab Search: a query, the weights above the results, the results, the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from studio.ui.tabs.parts import drawn

RESULTS = (
    "<p class='status' role='status' aria-live='polite' data-empty='No search yet. Type a query in "
    "any language, or click an example.'></p><ol></ol>"
    "<button type='button' class='more' hidden>Show ten more</button>"
)
REASONS = (
    "<p class='status'>Choose “Why this passage” on a result: the words behind its sparse "
    "and ColBERT scores will stand here, adding up.</p><div class='panel'></div>"
)
WAYS = [("Raw", "none"), ("Min-max", "min-max"), ("Z-score", "z-score"), ("RRF", "rrf")]


@dataclass(frozen=True)
class SearchTab:
    """`controls`: three weights, the way of combining, RRF's k; in that order everywhere."""

    collection: gr.Dropdown
    query: gr.Textbox
    go: gr.Button
    examples: gr.Dataset
    sliders: tuple[gr.Slider, ...]
    way: gr.Radio
    rrf_k: gr.Number
    presets: Mapping[str, gr.Button]
    results: gr.HTML
    reasons: gr.HTML

    @property
    def controls(self) -> list[Any]:
        return [*self.sliders, self.way, self.rrf_k]


def layout(presets: Mapping[str, tuple[float, float, float]]) -> SearchTab:
    """The query on top, the mixer under it, results beside reasons."""
    with gr.Row(elem_id="ask", equal_height=True):
        collection = gr.Dropdown(
            label="Collection", choices=[], scale=2, min_width=150, elem_id="search-collection"
        )
        query = gr.Textbox(
            label="Query",
            placeholder="A question, a few words or a code, in any language",
            scale=7,
            min_width=220,
            elem_id="query",
            max_lines=3,
        )
        go = gr.Button("Search", variant="primary", scale=1, min_width=100, elem_id="search-go")
    examples = gr.Dataset(
        components=[gr.Textbox(visible=False)],
        samples=[],
        label="Examples",
        elem_id="examples",
        type="values",
        samples_per_page=12,
    )
    sliders, way, rrf_k, buttons = _mixer(presets)
    with gr.Row(equal_height=False, elem_id="found"):
        with gr.Column(scale=7, min_width=320):
            results = drawn("results", RESULTS, "results", events=("texts", "why"))
        with gr.Column(scale=4, min_width=300):
            reasons = drawn("reasons", REASONS, "reasons")
    return SearchTab(
        collection, query, go, examples, sliders, way, rrf_k, buttons, results, reasons
    )


def _mixer(
    presets: Mapping[str, tuple[float, float, float]],
) -> tuple[tuple[gr.Slider, ...], gr.Radio, gr.Number, dict[str, gr.Button]]:
    """Three sliders, the way of combining, and a row of presets."""
    with gr.Group(elem_id="mixer"):
        with gr.Row():
            sliders = tuple(
                gr.Slider(
                    0,
                    1,
                    value,
                    step=0.01,
                    label=title,
                    interactive=True,
                    min_width=180,
                    elem_id=f"weight-{key}",
                    elem_classes=[f"mode-{key}"],
                )
                for title, key, value in (
                    ("Dense", "dense", 1.0),
                    ("Sparse", "sparse", 0.3),
                    ("ColBERT", "multi-vector", 1.0),
                )
            )
        with gr.Row(elem_id="ways"):
            way = gr.Radio(
                WAYS,
                value="none",
                label="Scores are combined",
                interactive=True,
                elem_id="normalise",
                min_width=260,
                scale=5,
            )
            rrf_k = gr.Number(
                60,
                label="k of RRF",
                interactive=True,
                elem_id="rrf-k",
                min_width=90,
                scale=1,
            )
        with gr.Row(elem_id="presets"):
            buttons = {
                name: gr.Button(
                    f"{name} · {' / '.join(f'{w:g}' for w in weights)}"
                    if max(weights) and sum(w > 0 for w in weights) > 1
                    else name,
                    size="sm",
                    elem_id=f"preset-{number}",
                    min_width=60,
                )
                for number, (name, weights) in enumerate(presets.items())
            }
    return sliders, way, rrf_k, buttons
