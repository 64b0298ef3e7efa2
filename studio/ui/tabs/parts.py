"""Small pieces of layout that several tabs share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import gradio as gr

PROGRESS = (
    "<div class='text' role='status' aria-live='polite'></div>"
    "<div class='track' role='progressbar' aria-valuemin='0' aria-valuemax='100' hidden>"
    "<i></i></div>"
)


def drawn(
    script: str, template: str, elem_id: str, value: object = None, events: tuple[str, ...] = ()
) -> gr.HTML:
    """A component that one of assets/page's scripts draws from a plain value.

    Gradio takes an event for one if its name stands in quotes in `js_on_load`.
    """
    return gr.HTML(
        value,
        html_template=template,
        js_on_load=f"window.studio.{script}(element, props, watch, trigger, {list(events)});",
        elem_id=elem_id,
        elem_classes=["drawn"],
    )


def progress(elem_id: str, text: str = "") -> gr.HTML:
    """A line of status with a bar under it."""
    return drawn("progress", PROGRESS, elem_id, {"text": text})


def heading(text: str, hint: str = "") -> gr.Markdown:
    """A section's heading with a quiet line under it."""
    return gr.Markdown(f"### {text}\n{hint}" if hint else f"### {text}", elem_classes=["heading"])


def go_and_cancel(
    title: str, name: str, variant: Literal["primary", "secondary"]
) -> tuple[gr.Button, gr.Button]:
    """A button that starts long work, and one that stops it."""
    go = gr.Button(title, variant=variant, elem_id=f"{name}-go", scale=1, min_width=90)
    cancel = gr.Button("Cancel", elem_id=f"{name}-cancel", scale=1, min_width=90, interactive=False)
    return go, cancel


def frame(elem_id: str, headers: Sequence[str], **options: Any) -> gr.Dataframe:
    """A table to read: its headings until there are rows."""
    fixed: dict[str, Any] = {"row_count": 0, "show_label": False, "interactive": False}
    given = {"buttons": ["copy"]} | options
    return gr.Dataframe(headers=list(headers), elem_id=elem_id, **fixed, **given)
