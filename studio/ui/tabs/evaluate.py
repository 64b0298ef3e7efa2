"""The tab Evaluate: measures of each mode and mix on a judged collection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import gradio as gr

from studio.ui.tabs.parts import drawn, go_and_cancel, heading, progress

RETURNED = (
    "<p class='status'>Click a query: what each mode returned will stand here, relevant passages "
    "marked.</p><div class='panel'></div>"
)
MEASURES = (
    "nDCG@10",
    "Recall@100",
    "MRR@10",
    "MAP",
    "Judged@10",
)  # headings until a run brings its own
WIDTHS: list[str | int] = ["78px", "530px", "122px", "84px", "84px", "88px", "140px", "100px"]
MODES = ("Dense", "Sparse", "ColBERT", "Dense + Sparse", "All three")
SHORTER_HINT = (
    "The first d numbers of each vector, renormalised; sparse scores stay as they are. "
    "BGE-M3 was not trained for this."
)
VIEWS = [("All queries", "all"), ("By language", "language"), ("By kind of query", "kind")]


@dataclass(frozen=True)
class Shorter:
    """nDCG@10 against dimension."""

    go: gr.Button
    cancel: gr.Button
    status: gr.HTML
    figure: gr.Plot
    table: gr.Dataframe


@dataclass(frozen=True)
class EvaluateTab:
    """The components that the wiring binds."""

    collection: gr.Dropdown
    go: gr.Button
    cancel: gr.Button
    status: gr.HTML
    view: gr.Radio
    table: gr.Dataframe
    figure: gr.Plot
    shorter: Shorter
    queries: gr.Dataframe
    returned: gr.HTML
    published: gr.Dataframe
    why_not: gr.Markdown
    csv: gr.Button
    csv_file: gr.DownloadButton
    trec: gr.Button
    trec_file: gr.DownloadButton


def layout(collections: Sequence[str], folders: bool) -> EvaluateTab:
    """Choose and run on top; table beside figure; queries; the published numbers."""
    with gr.Row(equal_height=True, elem_id="evaluate"):
        collection = gr.Dropdown(
            list(collections),
            value=collections[0],
            label="Collection, or a folder in BEIR layout" if folders else "Collection",
            allow_custom_value=folders,
            elem_id="collection",
            scale=6,
            min_width=220,
        )
        go, cancel = go_and_cancel("Run", "evaluate", "primary")
    status = progress(
        "evaluate-status", "Press Run. Encoding atlas takes about half a minute once."
    )
    with gr.Row(equal_height=False):
        with gr.Column(scale=6, min_width=320):
            view = gr.Radio(VIEWS, value="all", show_label=False, elem_id="evaluate-view")
            table = gr.Dataframe(
                headers=["mode", *MEASURES],
                row_count=0,
                show_label=False,
                interactive=False,
                elem_id="evaluate-table",
                max_height=560,
                buttons=["copy", "fullscreen"],
            )
            with gr.Row():
                csv = gr.Button("Table as CSV", size="sm", elem_id="download-csv")
                trec = gr.Button("Runs as TREC files", size="sm", elem_id="download-trec")
            csv_file = gr.DownloadButton(visible="hidden", elem_id="csv-file")
            trec_file = gr.DownloadButton(visible="hidden", elem_id="trec-file")
        with gr.Column(scale=6, min_width=320):
            figure = gr.Plot(show_label=False, elem_id="evaluate-figure")
    shorter = shorter_section()
    heading("Query by query", "nDCG@10. Click one to see what each mode returned for it.")
    queries = gr.Dataframe(
        headers=["id", "query", "kind", *MODES],
        row_count=0,
        show_label=False,
        interactive=False,
        max_height=320,
        max_chars=64,
        column_widths=WIDTHS,
        show_search="search",
        elem_id="evaluate-queries",
        buttons=["fullscreen"],
    )
    returned = drawn("returned", RETURNED, "returned")
    heading("Beside the paper", "nDCG@10 of BGE-M3 on MIRACL's dev queries, mean of 18 languages.")
    published = gr.Dataframe(
        headers=["mode", "here", "BGE-M3 on MIRACL (paper)"],
        row_count=0,
        show_label=False,
        interactive=False,
        elem_id="published",
        buttons=["copy"],
    )
    why_not = gr.Markdown("Run an evaluation to see it here.", elem_id="why-not")
    return EvaluateTab(
        collection,
        go,
        cancel,
        status,
        view,
        table,
        figure,
        shorter,
        queries,
        returned,
        published,
        why_not,
        csv,
        csv_file,
        trec,
        trec_file,
    )


def shorter_section() -> Shorter:
    """Draw and cancel, how far it is, figure beside table."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=10, min_width=320):
            heading("What a shorter vector costs", SHORTER_HINT)
        go, cancel = go_and_cancel("Draw", "dimension", "secondary")
    status = progress("dimension-status", "Run an evaluation, then press Draw.")
    with gr.Row(equal_height=False):
        with gr.Column(scale=6, min_width=320):
            figure = gr.Plot(show_label=False, elem_id="dimension-figure")
        with gr.Column(scale=6, min_width=320):
            table = gr.Dataframe(
                headers=["dimension", "Dense", "ColBERT", "All three", "bytes a passage"],
                row_count=0,
                show_label=False,
                interactive=False,
                elem_id="dimension-table",
                buttons=["copy"],
            )
    return Shorter(go, cancel, status, figure, table)
