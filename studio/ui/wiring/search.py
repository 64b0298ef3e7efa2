"""Events of the tabs Search and Weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import gradio as gr

from studio.errors import SettingsError
from studio.records import FusionSettings
from studio.ui.actions import searching as actions
from studio.ui.session import Asked, Server
from studio.ui.tabs.search import SearchTab
from studio.ui.tabs.weights import WeightsTab
from studio.ui.wiring.adaptor import PRIVATE, QUIET, SEARCH, handler, lasting, visitor

SET_WEIGHTS = "(...controls) => { window.studio.fromControls(...controls); return []; }"
FORGET = "() => [null, null]"
CHOSEN_NOW = "(asked) => [asked, window.studio.chosen ? String(window.studio.chosen.at) : null]"
TAKE_WEIGHTS = "() => window.studio.hand()"


def settings(dense: float, sparse: float, late: float, way: str, k: float | None) -> FusionSettings:
    """The page's five controls, checked: three weights, the way of combining, RRF's k."""
    if k is None:  # the box was emptied
        raise SettingsError("RRF's k is empty. Type a number, 0 or more (60 is usual).")
    if way == "rrf":
        return FusionSettings((dense, sparse, late), "none", "rrf", k)
    return FusionSettings((dense, sparse, late), way, "weighted", k)  # type: ignore[arg-type]


def connect_search(server: Server, asked: gr.State, tab: SearchTab) -> None:
    """Ask, by button, Enter or example; a new collection clears what was found."""

    def search(
        name: str,
        query: str,
        dense: float,
        sparse: float,
        late: float,
        way: str,
        k: float | None,
        request: gr.Request,
    ) -> tuple[Any, ...]:
        chosen = settings(dense, sparse, late, way, k)
        found, value = actions.search(server, visitor(request), name or "", query or "", chosen)
        # As one string: Gradio walks through every number of a nested value, on both sides.
        return found, json.dumps(value), None

    def examples(name: str, request: gr.Request) -> gr.Dataset:
        found = actions.examples(server, visitor(request), name)
        return gr.Dataset(samples=[[text] for text in found], visible=bool(found))

    query = [tab.collection, tab.query, *tab.controls]
    answered = [asked, tab.results, tab.reasons]
    run: dict[str, Any] = {**SEARCH, **QUIET}
    gr.on([tab.go.click, tab.query.submit], handler(lasting(search)), query, answered, **run)
    tab.examples.click(lambda sample: sample[0], tab.examples, tab.query, **PRIVATE).then(
        handler(lasting(search)), query, answered, **run
    )
    tab.collection.change(handler(examples), tab.collection, tab.examples, **PRIVATE)
    # In the browser: the answer of a server could come after that of the next search.
    tab.collection.input(None, None, [tab.results, tab.reasons], js=FORGET, **PRIVATE)


def connect_found(server: Server, asked: gr.State, tab: SearchTab) -> None:
    """What the result list asks for: reasons, and texts that did not travel with the search."""

    def more(last: Asked, request: gr.Request, event: gr.EventData) -> str:
        found = actions.texts(server, last, visitor(request), event._data["at"])
        return json.dumps({"more": found, "search": event._data["search"]})

    def why(last: Asked, at: str | None, request: gr.Request) -> Any:
        return actions.why(server, last, visitor(request), None if at is None else int(at))

    # Gradio drops an event while one like it is pending, unless told otherwise; "always_last"
    # repeats the one that was pending. So the request reads which passage is chosen by then.
    run: dict[str, Any] = {"trigger_mode": "always_last", **QUIET}
    tab.results.why(handler(why), [asked, tab.results], tab.reasons, js=CHOSEN_NOW, **run)
    tab.results.texts(handler(more), asked, tab.results, trigger_mode="multiple", **QUIET)


def connect_weights(
    tab: SearchTab, weights: WeightsTab, presets: Mapping[str, tuple[float, float, float]]
) -> None:
    """Sliders, presets and the triangle set each other in the browser; no server is asked."""
    changes = [control.change for control in tab.controls]
    gr.on(changes, None, tab.controls, None, js=SET_WEIGHTS, **PRIVATE)
    sliders = list(tab.sliders)
    for name, mix in presets.items():
        tab.presets[name].click(None, None, sliders, js=f"() => {list(mix)}", **PRIVATE)
    weights.simplex.picked(None, None, sliders, js=TAKE_WEIGHTS, **PRIVATE)
