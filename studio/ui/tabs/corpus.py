"""The tab Corpus: choose text, choose the cut, encode; and the collections that are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import gradio as gr

from studio.ui.tabs.parts import drawn, heading, progress

SUMMARY = (
    "<p class='status'>Upload files or take the sample: what was read will stand here, with a "
    "preview.</p><div class='panel'></div>"
)
CUTS = [("By tokens", "tokens"), ("By paragraph", "paragraph"), ("Not at all", "none")]


@dataclass(frozen=True)
class CorpusTab:
    """The components that the wiring binds, and the column of the steps."""

    steps: gr.Column
    upload: gr.File
    sample: gr.Button
    columns: gr.Accordion
    fields: tuple[gr.Textbox, ...]  # id, title, text, language
    again: gr.Button
    cut: gr.Radio
    size: gr.Slider
    overlap: gr.Slider
    name: gr.Textbox
    replace: gr.Checkbox
    encode: gr.Button
    cancel: gr.Button
    status: gr.HTML
    summary: gr.HTML
    preview: gr.Dataframe
    kept: gr.Dataframe
    chosen: gr.Dropdown
    new_name: gr.Textbox
    rename: gr.Button
    sure: gr.Checkbox
    delete: gr.Button
    notice: gr.Markdown


def layout(suffixes: Sequence[str], limit_mb: int, notice: str) -> CorpusTab:
    """Two columns: what to do on the left, what was read on the right."""
    told = gr.Markdown(notice, visible=bool(notice), elem_id="privacy", elem_classes=["notice"])
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=320) as steps:
            heading("1 · Choose text", f"Up to {limit_mb} MB a file, several at once.")
            upload = gr.File(
                label=" ".join(suffixes),
                file_count="multiple",
                file_types=list(suffixes),
                elem_id="corpus-upload",
                height=128,
            )
            sample = gr.Button(
                "Take the sample: atlas, 432 passages in 18 languages", elem_id="corpus-sample"
            )
            columns, fields, again = _columns()
            heading("2 · Cut into passages")
            cut = gr.Radio(CUTS, value="tokens", show_label=False, elem_id="cut")
            with gr.Row():
                size = gr.Slider(
                    32, 480, 256, step=8, label="Tokens a passage", elem_id="size", buttons=[]
                )
                overlap = gr.Slider(
                    0, 128, 32, step=8, label="Overlapping", elem_id="overlap", buttons=[]
                )
            heading("3 · Encode")
            with gr.Row():
                name = gr.Textbox(
                    label="Name of the collection", elem_id="corpus-name", max_lines=1
                )
                replace = gr.Checkbox(
                    label="Replace if it exists", elem_id="replace", min_width=150, container=False
                )
            with gr.Row():
                encode = gr.Button("Encode", variant="primary", elem_id="corpus-encode")
                cancel = gr.Button("Cancel", elem_id="corpus-cancel", interactive=False)
            status = progress("corpus-status")
        with gr.Column(scale=7, min_width=320):
            heading("What was read")
            summary = drawn("summary", SUMMARY, "corpus-summary")
            preview = gr.Dataframe(
                show_label=False,
                visible=False,
                max_height=420,
                max_chars=90,
                column_widths=["84px", "170px", "400px", "90px", "140px"],
                interactive=False,
                elem_id="corpus-preview",
                buttons=["fullscreen"],
            )
            kept_parts = _kept()
    return CorpusTab(
        steps,
        upload,
        sample,
        columns,
        fields,
        again,
        cut,
        size,
        overlap,
        name,
        replace,
        encode,
        cancel,
        status,
        summary,
        preview,
        *kept_parts,
        told,
    )


def _kept() -> tuple[gr.Dataframe, gr.Dropdown, gr.Textbox, gr.Button, gr.Checkbox, gr.Button]:
    heading("Kept collections")
    kept = gr.Dataframe(
        show_label=False, interactive=False, elem_id="kept", max_height=260, buttons=["fullscreen"]
    )
    with gr.Accordion("Rename or delete", open=False, elem_id="housekeeping"):
        chosen = gr.Dropdown(label="Collection", choices=[], elem_id="kept-chosen")
        with gr.Row():
            new_name = gr.Textbox(label="New name", elem_id="new-name", max_lines=1)
            rename = gr.Button("Rename", size="sm", elem_id="rename")
        with gr.Row():
            sure = gr.Checkbox(label="Yes, delete it", elem_id="sure", container=False)
            delete = gr.Button("Delete", size="sm", variant="stop", elem_id="delete")
    return kept, chosen, new_name, rename, sure, delete


def _columns() -> tuple[gr.Accordion, tuple[gr.Textbox, ...], gr.Button]:
    with gr.Accordion("Columns of tables and JSON", open=False, elem_id="columns") as columns:
        gr.Markdown("Found by their usual names. Name them here if yours differ.")
        with gr.Row():
            fields = tuple(
                gr.Textbox(
                    label=name.capitalize(),
                    placeholder="by name",
                    elem_id=f"field-{name}",
                    min_width=110,
                )
                for name in ("id", "title", "text", "language")
            )
        again = gr.Button("Read again", size="sm", elem_id="read-again")
    return columns, fields, again
