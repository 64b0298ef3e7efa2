"""Events of the encoder: the badge on top, and its panel in the tab Corpus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from studio.ui.actions import encoder as actions
from studio.ui.session import Server
from studio.ui.tabs.encoder import EncoderTab
from studio.ui.wiring.adaptor import QUIET, handler


def connect_encoder(server: Server, tab: EncoderTab, badge: gr.HTML, demo: gr.Blocks) -> None:
    """Say which encoder is at work; look again each second while one loads; change it, cancel."""

    def look() -> tuple[Any, ...]:
        loading = actions.is_loading(server)
        return (
            actions.badge(server),
            actions.status(server),
            gr.Button(interactive=not server.public and not actions.is_changing(server)),
            gr.Button(interactive=loading and not server.public),
            gr.Timer(active=loading),
        )

    def arrive() -> tuple[Any, ...]:
        server.encoder.start()
        return *look(), *actions.values(server)

    def change(*fields: Any) -> Iterator[tuple[Any, ...]]:
        for _ in actions.change(server, *fields):
            yield look()
        yield look()

    def cancel() -> tuple[Any, ...]:
        actions.cancel(server)
        return look()

    fields, timer = list(tab.fields), gr.Timer(1.0, active=False)
    shown = [badge, tab.status, tab.apply, tab.cancel, timer]
    demo.load(arrive, None, [*shown, *fields], **QUIET)
    timer.tick(look, None, shown, **QUIET)
    changed = tab.apply.click(handler(change), fields, shown, **QUIET)
    changed.failure(look, None, shown, **QUIET)
    tab.cancel.click(handler(cancel), None, shown, **QUIET)
