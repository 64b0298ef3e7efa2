"""Events of the tab Corpus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from studio.passages import CutSettings
from studio.reading import Fields
from studio.ui.actions import corpus as actions
from studio.ui.session import Server, Session
from studio.ui.tabs.corpus import CorpusTab
from studio.ui.tabs.search import SearchTab
from studio.ui.wiring.adaptor import MODEL, PRIVATE, QUIET, handler, visitor

TABLES = (".csv", ".tsv", ".json", ".jsonl")
Lister = Callable[..., tuple[Any, ...]]


def connect_corpus(
    server: Server, session: gr.State, tab: CorpusTab, search: SearchTab, demo: gr.Blocks
) -> None:
    """Read, preview, encode, cancel, rename, delete."""
    lists = [tab.kept, tab.chosen, search.collection]

    def listed(request: gr.Request) -> tuple[Any, ...]:
        table = actions.kept(server, visitor(request))
        names = table["name"].tolist()
        return table, _choices(names), _choices(names)

    connect_reading(server, session, tab)
    connect_encoding(server, session, tab, search, listed)
    connect_keeping(server, tab, listed, lists)
    demo.load(listed, None, lists, **PRIVATE)


def connect_reading(server: Server, session: gr.State, tab: CorpusTab) -> None:
    """Files or the sample in, summary and preview out; again whenever the cut changes."""

    def read(state: Session, paths: list[str], *fields: str) -> tuple[Any, ...]:
        state = actions.read(state, paths, Fields(*(field or "" for field in fields)))
        return state, actions.suggest_name(state)

    def sample(state: Session) -> tuple[Any, ...]:
        state = actions.take_sample(state)
        return state, actions.suggest_name(state)

    def summarise(state: Session, *settings: Any) -> tuple[Any, ...]:
        frame = actions.preview(state.documents)
        summary = actions.summary(server, state, CutSettings(*settings))
        return summary, gr.Dataframe(frame, visible=bool(len(frame)))

    def ask_for_columns(paths: list[str] | None) -> gr.Accordion:
        tables = any(path.lower().endswith(TABLES) for path in paths or [])
        return gr.Accordion(open=True) if tables else gr.Accordion()

    show: dict[str, Any] = {
        "fn": handler(summarise),
        "inputs": [session, tab.cut, tab.size, tab.overlap],
        "outputs": [tab.summary, tab.preview],
        **PRIVATE,
    }
    files = [session, tab.upload, *tab.fields]
    named = [session, tab.name]
    reads = [tab.upload.upload, tab.again.click]
    reading = gr.on(reads, handler(read), files, named, **QUIET)
    reading.success(**show)
    reading.failure(ask_for_columns, tab.upload, tab.columns, **QUIET)
    tab.sample.click(handler(sample), session, named, **QUIET).success(**show)
    sliders = [tab.size, tab.overlap]
    moves = [s.release for s in sliders] + [s.input for s in sliders]
    gr.on([tab.cut.input, *moves], trigger_mode="always_last", **show)


def connect_encoding(
    server: Server, session: gr.State, tab: CorpusTab, search: SearchTab, listed: Lister
) -> None:
    """Encode with progress; cancel; either way the buttons come back."""

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
        steps = actions.encode(server, state, visitor(request), name or "", settings, old)
        for after, status in steps:
            yield after, status, *_buttons(status["kind"] == "busy")

    def chosen(state: Session, request: gr.Request) -> Any:
        names = [c.name for c in server.workspace(visitor(request)).collections()]
        return gr.Dropdown(choices=names, value=state.collection)

    def failed() -> tuple[Any, ...]:
        idle = {"kind": "idle", "share": None, "text": "Stopped. Everything is as it was."}
        return idle, *_buttons(False)

    def cancel(request: gr.Request) -> None:
        server.jobs.cancel(visitor(request))

    shown = [tab.status, tab.encode, tab.cancel]
    running = tab.encode.click(
        handler(encode),
        [session, tab.name, tab.replace, tab.cut, tab.size, tab.overlap],
        [session, *shown],
        show_progress="hidden",
        **MODEL,
        **PRIVATE,
    )
    lists = [tab.kept, tab.chosen, search.collection]
    running.success(listed, None, lists, **PRIVATE).then(
        chosen, session, search.collection, **PRIVATE
    )
    running.failure(failed, None, shown, **PRIVATE)
    tab.cancel.click(cancel, None, None, **PRIVATE)


def connect_keeping(server: Server, tab: CorpusTab, listed: Lister, lists: list[Any]) -> None:
    """Rename and delete what is kept."""

    def rename(name: str, new: str, request: gr.Request) -> str:
        actions.rename(server, visitor(request), name or "", new or "")
        return ""

    def delete(name: str, sure: bool, request: gr.Request) -> bool:
        actions.delete(server, visitor(request), name or "", sure)
        return False

    names, agreed = [tab.chosen, tab.new_name], [tab.chosen, tab.sure]
    tab.rename.click(handler(rename), names, tab.new_name, **QUIET).success(
        listed, None, lists, **PRIVATE
    )
    tab.delete.click(handler(delete), agreed, tab.sure, **QUIET).success(
        listed, None, lists, **PRIVATE
    )


def _choices(names: list[str]) -> gr.Dropdown:
    return gr.Dropdown(choices=names, value=names[0] if names else None)


def _buttons(running: bool) -> tuple[gr.Button, gr.Button]:
    """Encode and Cancel: one of them can be pressed."""
    return gr.Button(interactive=not running), gr.Button(interactive=running)
