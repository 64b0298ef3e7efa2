"""Events of the tab Evaluate around a run: a collection brought along, weights that move."""

from __future__ import annotations

from typing import Any

import gradio as gr

from eval.collection import BUNDLED
from studio.errors import SettingsError
from studio.ui.actions import following, testsets
from studio.ui.session import Measured, Server
from studio.ui.tabs.evaluate import EvaluateTab
from studio.ui.tabs.search import SearchTab
from studio.ui.wiring.adaptor import MODEL, PRIVATE, QUIET, handler, visitor
from studio.ui.wiring.search import settings

WEIGHTS_NOW = "() => window.studio.weights()"
MOVE = "(...weights) => { window.studio.set({ weights }); return window.studio.hand(); }"


def connect_bringing(server: Server, taken: gr.State, tab: EvaluateTab) -> None:
    """A zip is read when it is dropped, and chosen."""

    def take(path: str | None, request: gr.Request) -> tuple[Any, ...]:
        found, name = testsets.take(server, visitor(request), path)
        assert found.collection is not None
        choices = [*BUNDLED, name]
        idle = {"kind": "idle", "share": None, "text": testsets.told(found.collection)}
        return found, gr.Dropdown(choices=choices, value=name), idle

    tab.upload.upload(
        handler(take), tab.upload, [taken, tab.collection, tab.status], **MODEL, **PRIVATE
    )


def connect_following(
    measured: gr.State, tab: EvaluateTab, search: SearchTab, opened: gr.Tab
) -> None:
    """The weights here are those of Search; moving them moves the table."""

    def follow(
        last: Measured,
        view: str,
        dense: float,
        sparse: float,
        late: float,
        way: str,
        k: float | None,
    ) -> tuple[Any, ...]:
        if not any((dense, sparse, late)):
            raise SettingsError("All three weights are 0, so nothing can be ranked. Raise one.")
        found = following.follow(last, view, settings(dense, sparse, late, way, k))
        return found or (gr.skip(), gr.skip())

    sliders = list(tab.sliders)
    values = [measured, tab.view, *sliders, search.way, search.rrf_k]
    latest: dict[str, Any] = {"trigger_mode": "always_last", **QUIET}
    opened.select(None, None, sliders, js=WEIGHTS_NOW, **PRIVATE)
    moved = [slider.input for slider in sliders]
    gr.on(moved, None, sliders, list(search.sliders), js=MOVE, **PRIVATE)
    gr.on(moved, handler(follow), values, [tab.table, tab.status], **latest)
