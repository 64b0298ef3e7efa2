"""The tab Weights: every mix of the three modes at a glance, for the query at hand."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from studio.ui.tabs.parts import drawn, heading

SIMPLEX = (
    "<p class='status' role='status' data-empty='Search first: the triangle will then show which "
    "passage comes first at each mix.'></p><div class='stage'></div><ol class='legend'></ol>"
)


@dataclass(frozen=True)
class WeightsTab:
    """The triangle sets the sliders of the tab Search."""

    simplex: gr.HTML


def layout() -> WeightsTab:
    """The triangle with a word on how to read it."""
    heading(
        "Which passage comes first at each mix",
        "A corner is one mode alone, the middle is an equal mix. Each shade is one passage in "
        "first place; where one shade covers the triangle, the weights do not matter. Small rings "
        "are published settings. Drag the dot, click, or use the arrow keys: the sliders follow.",
    )
    return WeightsTab(drawn("simplex", SIMPLEX, "simplex", events=("picked",)))
