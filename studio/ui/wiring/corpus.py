"""Events of the tab Corpus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from studio.passages import CutSettings
from studio.reading import Fields
from studio.ui.actions import corpus as actions
from studio.ui.session import Server, Session
from studio.ui.tabs.corpus import CorpusTab
from studio.ui.tabs.search import SearchTab
from studio.ui.wiring.adaptor import MODEL, PRIVATE, handler, visitor


def connect_corpus(
    server: Server, session: gr.State, tab: CorpusTab, search: SearchTab, demo: gr.Blocks
) -> None:
    """Read, preview, encode, cancel, rename, delete."""
    cut = [tab.cut, tab.size, tab.overlap]
    shown = [tab.summary, tab.preview]
    lists = [tab.kept, tab.chosen, search.collection]

    def listed(request: gr.Request) -> tuple[Any, ...]:
        table = actions.kept(server, visitor(request))
        names = table["name"].tolist()
        return table, _choices(names), _choices(names)

    def summarise(state: Session, *settings: Any) -> tuple[Any, ...]:
        frame = actions.preview(state.documents)
        return (
            actions.summary(server, state, CutSettings(*settings)),
            gr.Dataframe(frame, visible=bool(len(frame))),
        )

    def read(state: Session, paths: list[str], *fields: str) -> tuple[Any, ...]:
        state = actions.read(state, paths, Fields(*fields))
        return state, actions.suggest_name(state)

    def sample(state: Session) -> tuple[Any, ...]:
        state = actions.take_sample(state)
        return state, actions.suggest_name(state)

    def encode(
        state: Session,
        name: str,
        old: bool,
        way: str,
        size: float,
        overlap: float,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        settings = CutSettings(way, int(size), int(overlap))  # type: ignore[arg-type]
        steps = actions.encode(server, state, visitor(request), name, settings, old)
        for state, status in steps:
            running = status["kind"] == "busy"
            yield (
                state,
                status,
                gr.Button(interactive=not running),
                gr.Button(interactive=running),
            )

    def chosen(state: Session, request: gr.Request) -> Any:
        names = [c.name for c in server.workspace(visitor(request)).collections()]
        return gr.Dropdown(choices=names, value=state.collection)

    def cancel(request: gr.Request) -> None:
        server.jobs.cancel(visitor(request))

    def failed() -> tuple[Any, ...]:
        idle = {"kind": "idle", "share": None, "text": "Stopped. Everything is as it was."}
        return idle, gr.Button(interactive=True), gr.Button(interactive=False)

    buttons = [tab.status, tab.encode, tab.cancel]
    gr.on(
        [tab.upload.upload, tab.again.click],
        handler(read),
        [session, tab.upload, *tab.fields],
        [session, tab.name],
        **PRIVATE,
    ).success(handler(summarise), [session, *cut], shown, **PRIVATE)
    tab.sample.click(handler(sample), session, [session, tab.name], **PRIVATE).success(
        handler(summarise), [session, *cut], shown, **PRIVATE
    )
    gr.on(
        [tab.cut.input, tab.size.release, tab.overlap.release, tab.size.input, tab.overlap.input],
        handler(summarise),
        [session, *cut],
        shown,
        trigger_mode="always_last",
        **PRIVATE,
    )
    running = tab.encode.click(
        handler(encode),
        [session, tab.name, tab.replace, *cut],
        [session, *buttons],
        show_progress="hidden",
        **MODEL,
        **PRIVATE,
    )
    running.success(listed, None, lists, **PRIVATE).then(
        chosen, session, search.collection, **PRIVATE
    )
    running.failure(failed, None, buttons, **PRIVATE)
    tab.cancel.click(cancel, None, None, **PRIVATE)
    connect_keeping(server, tab, listed, lists)
    demo.load(listed, None, lists, **PRIVATE)


def connect_keeping(server: Server, tab: CorpusTab, listed: Any, lists: list[Any]) -> None:
    """Rename and delete what is kept."""

    def rename(name: str, new: str, request: gr.Request) -> str:
        actions.rename(server, visitor(request), name, new)
        return ""

    def delete(name: str, sure: bool, request: gr.Request) -> bool:
        actions.delete(server, visitor(request), name, sure)
        return False

    tab.rename.click(handler(rename), [tab.chosen, tab.new_name], tab.new_name, **PRIVATE).success(
        listed, None, lists, **PRIVATE
    )
    tab.delete.click(handler(delete), [tab.chosen, tab.sure], tab.sure, **PRIVATE).success(
        listed, None, lists, **PRIVATE
    )


def _choices(names: list[str]) -> gr.Dropdown:
    return gr.Dropdown(choices=names, value=names[0] if names else None)
