"""The page: layout in tabs, behaviour in actions, events in wiring. `build` puts them together."""

from __future__ import annotations

from typing import cast

import gradio as gr

from eval.collection import BUNDLED
from studio.encoders.choice import M3_ID
from studio.encoders.options import HELP, PRECISIONS
from studio.reading import LIMIT, SUFFIXES
from studio.settings import PRESETS
from studio.ui.session import VISITOR_HOURS, VISITOR_LIMITS, Asked, Measured, Server
from studio.ui.tabs import about, corpus, encoder, evaluate, search, weights
from studio.ui.tabs.parts import drawn
from studio.ui.theme import launch_options
from studio.ui.wiring import (
    connect_corpus,
    connect_encoder,
    connect_evaluate,
    connect_found,
    connect_search,
    connect_weighing,
    connect_weights,
    publish,
)
from studio.ui.wiring.adaptor import visitor

__all__ = ["build", "launch_options"]

TITLE = "Hybrid Retrieval Studio"
ENCODERS = ("auto", "embedded", M3_ID)  # to choose from; a Hub id or a folder can be typed
DEVICES = ("cpu", "cuda", "mps")
BRAND = (
    f"<h1>{TITLE}</h1><p><b class='dense'>dense</b> · <b class='sparse'>sparse</b> · "
    "<b class='multi_vector'>ColBERT</b>, weighed in front of you</p>"
)
BADGE = (
    "<div class='badge'><i class='dot'></i><span class='name'></span> "
    "<span class='state'></span></div>"
    "<p class='reason'></p>"
)


def build(server: Server) -> gr.Blocks:
    """The whole page around an encoder and a home; nothing is loaded here."""
    with gr.Blocks(title=TITLE, delete_cache=(3600, 7200), analytics_enabled=False) as demo:
        asked = gr.State(Asked(), time_to_live=3600)
        measured = gr.State(Measured(), time_to_live=3600)
        with gr.Row(elem_id="top", equal_height=False):
            gr.HTML(BRAND, elem_id="brand")
            badge = drawn("badge", BADGE, "encoder-badge")
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Corpus", id="corpus"):
                corpus_tab = corpus.layout(SUFFIXES, LIMIT // 2**20, privacy(server))
                with corpus_tab.steps:
                    encoder_tab = encoder.layout(ENCODERS, DEVICES, PRECISIONS, HELP, server.public)
            with gr.Tab("Search", id="search"):
                search_tab = search.layout(PRESETS)
            with gr.Tab("Weights", id="weights") as weighing:
                weights_tab = weights.layout(search.WAYS)
            with gr.Tab("Evaluate", id="evaluate") as evaluating:
                evaluate_tab = evaluate.layout(list(BUNDLED), folders=not server.public)
            with gr.Tab("About", id="about"):
                about.layout(details(server))
        publish(server)  # first, so that the endpoints get their names
        connect_corpus(server, asked, corpus_tab, search_tab, demo)
        connect_search(server, asked, search_tab)
        connect_found(server, asked, search_tab)
        connect_weights(search_tab, weights_tab, PRESETS)
        running = connect_evaluate(server, measured, evaluate_tab, search_tab, evaluating, demo)
        connect_weighing(server, measured, asked, weights_tab, search_tab, weighing, running)
        connect_encoder(server, encoder_tab, badge, demo)
        if server.public:
            _connect_leaving(server, demo)
    demo.queue(default_concurrency_limit=4, max_size=64)
    return cast(gr.Blocks, demo)


def _connect_leaving(server: Server, demo: gr.Blocks) -> None:
    """Delete what a visitor kept when the page is closed, and in time what was left behind."""

    def leave(request: gr.Request) -> None:
        server.forget(visitor(request))

    server.keep_swept()
    demo.unload(leave)


def privacy(server: Server) -> str:
    """What a visitor of a public server must know; nothing on one's own machine."""
    if not server.public:
        return ""
    return (
        "**This is a public server.** What you upload is visible to you alone. It is deleted when "
        f"you close or reload this page, and after {VISITOR_HOURS:g} hours at the latest. You can "
        f"keep {VISITOR_LIMITS.collections} collections of {VISITOR_LIMITS.passages:,} passages."
    )


def details(server: Server) -> str:
    """Where things are, for the tab About."""
    choice = server.encoder.choice
    kept = "deleted as the tab Corpus says" if server.public else f"kept in `{server.home}`"
    return (
        f"\n### This server\n- Encoder at the start: `{choice.name}`: {choice.why}.\n"
        f"- Collections are {kept}.\n- Nothing on this page is fetched from another host.\n"
    )
