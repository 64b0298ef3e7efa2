"""The tab Evaluate: measures of each mode and mix on a judged collection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import gradio as gr

from studio.ui.tabs.parts import drawn, frame, go_and_cancel, heading, progress

RETURNED = (
    "<p class='status'>Click a query: what each mode returned will stand here, relevant passages "
    "marked.</p><div class='panel'></div>"
)
# Headings until a run brings its own.
MEASURES = ("nDCG@10", "Recall@100", "MRR@10", "MAP", "Judged@10")
WIDTHS: list[str | int] = ["78px", "530px", "122px", "84px", "84px", "88px", "140px", "100px"]
MODES = ("Dense", "Sparse", "ColBERT", "Dense + Sparse", "All three")
TABLE = ("mode", "nDCG@10", "its 95 %", "letter", *MEASURES[1:])
PROTOCOLS = [
    ("studio: one pool for all modes", "studio"),
    ("paper-miracl: the M3 paper's lists and weights", "paper-miracl"),
    ("paper-mldr: the same for long documents", "paper-mldr"),
    ("mteb: the leaderboard's texts, ties and rounding", "mteb"),
]
PAIRS = (
    "pair", "difference", "95 %", "p, t", "p, randomisation", "p, Holm", "wins / ties / losses",
    "effect size",
)  # fmt: skip
WEIGHTS = (("Dense", "dense", 1.0), ("Sparse", "sparse", 0.3), ("ColBERT", "multi-vector", 1.0))
SHORTER_HINT = (
    "The first d numbers of each vector, renormalised; sparse scores stay as they are. "
    "BGE-M3 was not trained for this."
)
VIEWS = [
    ("All queries", "all"),
    ("By language", "language"),
    ("By kind of query", "kind"),
    ("By length", "length"),
]


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
    protocol: gr.Dropdown
    upload: gr.File
    go: gr.Button
    cancel: gr.Button
    status: gr.HTML
    power: gr.Markdown
    sliders: tuple[gr.Slider, ...]
    view: gr.Radio
    table: gr.Dataframe
    figure: gr.Plot
    pairs: gr.Dataframe
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
    """Choose and run on top; weights; table beside figure; pairs; queries; published numbers."""
    with gr.Row(equal_height=True, elem_id="evaluate"):
        collection, protocol = _choosers(collections, folders)
        go, cancel = go_and_cancel("Run", "evaluate", "primary")
    status = progress(
        "evaluate-status", "Press Run. Encoding atlas takes about half a minute once."
    )
    power = gr.Markdown("", elem_id="evaluate-power")
    with gr.Accordion("A collection of your own", open=False, elem_id="bring"):
        upload = gr.File(
            label="A zip in BEIR, TREC, FlagEmbedding or Parquet layout, or with CSV ratings",
            file_types=[".zip"],
            elem_id="collection-upload",
            height=120,
        )
    sliders = _weights()
    with gr.Row(equal_height=False):
        with gr.Column(scale=7, min_width=320):
            view = gr.Radio(VIEWS, value="all", show_label=False, elem_id="evaluate-view")
            table = frame("evaluate-table", TABLE, max_height=560, buttons=["copy", "fullscreen"])
            with gr.Row():
                csv = gr.Button("Table as CSV", size="sm", elem_id="download-csv")
                trec = gr.Button("Everything as a zip", size="sm", elem_id="download-trec")
            csv_file = gr.DownloadButton(visible="hidden", elem_id="csv-file")
            trec_file = gr.DownloadButton(visible="hidden", elem_id="trec-file")
        with gr.Column(scale=5, min_width=320):
            figure = gr.Plot(show_label=False, elem_id="evaluate-figure")
    pairs, shorter = _pairs(), shorter_section()
    heading("Query by query", "nDCG@10. Click one to see what each mode returned for it.")
    queries = frame(
        "evaluate-queries", ["id", "query", "kind", *MODES], max_height=320, max_chars=64,
        column_widths=WIDTHS, show_search="search", buttons=["fullscreen"],
    )  # fmt: skip
    returned = drawn("returned", RETURNED, "returned")
    heading("Beside published numbers", "nDCG@10. What differs is found by checks, not believed.")
    published = frame("published", ["mode", "of", "here", "published", "", "source"])
    why_not = gr.Markdown("Run an evaluation to see it here.", elem_id="why-not")
    return EvaluateTab(
        collection, protocol, upload, go, cancel, status, power, sliders, view, table, figure,
        pairs, shorter, queries, returned, published, why_not, csv, csv_file, trec, trec_file,
    )  # fmt: skip


def _choosers(collections: Sequence[str], folders: bool) -> tuple[gr.Dropdown, gr.Dropdown]:
    """What is evaluated, and by which rules."""
    collection = gr.Dropdown(
        list(collections),
        value=collections[0],
        label="Collection, or a folder or zip of one" if folders else "Collection",
        allow_custom_value=folders,
        elem_id="collection",
        scale=5,
        min_width=220,
    )
    protocol = gr.Dropdown(
        PROTOCOLS,
        value="studio",
        label="Protocol",
        elem_id="evaluate-protocol",
        scale=5,
        min_width=220,
    )
    return collection, protocol


def _weights() -> tuple[gr.Slider, ...]:
    """Search's sliders once more: the table follows them."""
    with gr.Row(elem_id="evaluate-weights"):
        return tuple(
            gr.Slider(
                0,
                1,
                value,
                step=0.01,
                label=title,
                min_width=160,
                elem_id=f"evaluate-weight-{key}",
                elem_classes=[f"mode-{key}"],
            )
            for title, key, value in WEIGHTS
        )


def _pairs() -> gr.Dataframe:
    """Folded: every pair of modes."""
    with gr.Accordion("Every pair of modes", open=False, elem_id="pairs-section"):
        heading(
            "Does one beat the other on these labels?",
            "nDCG@10, query by query: bootstrap interval of the difference, paired t and "
            "randomisation p, Holm's correction over all pairs. Modes that share a letter in the "
            "table above are not told apart.",
        )
        return frame("pairs", PAIRS, buttons=["copy", "fullscreen"])


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
            headers = ["dimension", "Dense", "ColBERT", "All three", "bytes a passage"]
            table = frame("dimension-table", headers)
    return Shorter(go, cancel, status, figure, table)
