"""The panel of the encoder, in the tab Corpus: what it is told, each with its default and cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from studio.ui.tabs.parts import progress

ABOUT = (
    "The present encoder goes on serving while another one loads. A collection is searched only by "
    "what encoded it: after a change of encoder, precision or dimension, encode it again."
)
FIXED = "This is a public server: its owner chose these."
NAME = (
    "The default, auto, takes BAAI/bge-m3 if it is on this machine, else embedded. A Hub id is "
    "downloaded, BAAI/bge-m3 is 2.3 GB; a folder of its layout works too"
)


@dataclass(frozen=True)
class EncoderTab:
    """`fields`: name, device, precision, query and passage tokens, budget, dimension."""

    fields: tuple[gr.components.Component, ...]
    apply: gr.Button
    cancel: gr.Button
    status: gr.HTML


def layout(
    encoders: Sequence[str],
    devices: Sequence[str],
    precisions: Sequence[str],
    costs: Mapping[str, str],
    fixed: bool,
) -> EncoderTab:
    """A list of settings, words beside boxes; the buttons; how far loading is."""
    with gr.Accordion("Encoder", open=False, elem_id="encoder"):
        gr.Markdown(FIXED if fixed else ABOUT, elem_id="encoder-about")

        def about(key: str, label: str) -> dict[str, Any]:
            text = costs.get(key, NAME)
            return {
                "label": label,
                "info": f"{text[:1].upper()}{text[1:]}.",
                "interactive": not fixed,
                "elem_id": f"encoder-{key.replace('_', '-')}",
                "elem_classes": ["setting"],
            }

        by_itself = ("by default", "")
        fields = (
            gr.Dropdown(list(encoders), allow_custom_value=True, **about("name", "Encoder")),
            gr.Dropdown(
                [by_itself, *devices],
                value="",
                allow_custom_value=True,
                **about("device", "Device"),
            ),
            gr.Dropdown([by_itself, *precisions], value="", **about("precision", "Precision")),
            gr.Number(precision=0, **about("query_tokens", "Most tokens of a query")),
            gr.Number(precision=0, **about("passage_tokens", "Most tokens of a passage")),
            gr.Number(precision=0, placeholder="by default", **about("budget", "Tokens at a time")),
            gr.Number(precision=0, placeholder="all", **about("dimension", "Dimension")),
        )
        with gr.Row():
            apply = gr.Button(
                "Use these settings",
                size="sm",
                elem_id="encoder-apply",
                interactive=not fixed,
                min_width=140,
            )
            cancel = gr.Button(
                "Cancel", size="sm", elem_id="encoder-cancel", interactive=False, min_width=90
            )
        status = progress("encoder-status")
    return EncoderTab(fields, apply, cancel, status)
