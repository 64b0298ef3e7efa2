"""Events of the tab Corpus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from studio.passages import CutSettings
from studio.reading import Fields
from studio.ui.actions import corpus as actions
from studio.ui.session import Asked, Server, Upload
from studio.ui.tabs.corpus import CorpusTab
from studio.ui.tabs.search import SearchTab
from studio.ui.wiring.adaptor import (
    MODEL,
    PRIVATE,
    QUIET,
    go_and_cancel,
    handler,
    stoppable,
    visitor,
)

TABLES = (".csv", ".tsv", ".json", ".jsonl")
Lister = Callable[..., tuple[Any, ...]]


def connect_corpus(
    server: Server, asked: gr.State, tab: CorpusTab, search: SearchTab, demo: gr.Blocks
) -> None:
    """Read, preview, encode, cancel, rename, delete."""

    def listed(chosen: str | None, searched: str | None, request: gr.Request) -> tuple[Any, ...]:
        table = actions.kept(server, visitor(request))
        names = table["name"].tolist()
        return table, _choices(names, chosen), _choices(names, searched)

    upload = gr.State(Upload(), time_to_live=3600)
    connect_reading(server, upload, tab)
    connect_encoding(server, upload, asked, tab, search, listed)
    connect_keeping(server, asked, tab, search, listed)
    lists = [tab.kept, tab.chosen, search.collection]
    demo.load(listed, [tab.chosen, search.collection], lists, **PRIVATE)


def connect_reading(server: Server, upload: gr.State, tab: CorpusTab) -> None:
    """Files or the sample in, summary and preview out; again whenever the cut changes."""

    def read(paths: list[str] | None, *fields: str) -> tuple[Any, ...]:
        found = actions.read(paths or (), Fields(*(field or "" for field in fields)))
        return found, actions.suggest_name(found)

    def follow(old: Upload, paths: list[str] | None, *fields: str) -> tuple[Any, ...]:
        found = actions.follow(old, paths or (), Fields(*(field or "" for field in fields)))
        return found, actions.suggest_name(found)

    def sample() -> tuple[Any, ...]:
        found = actions.take_sample()
        return found, actions.suggest_name(found)

    def summarise(found: Upload, *settings: Any) -> tuple[Any, ...]:
        frame = actions.preview(found.documents)
        summary = actions.summary(server, found, CutSettings(*settings))
        return summary, gr.Dataframe(frame, visible=bool(len(frame)))

    def ask_for_columns(paths: list[str] | None) -> gr.Accordion:
        tables = any(path.lower().endswith(TABLES) for path in paths or [])
        return gr.Accordion(open=True) if tables else gr.Accordion()

    def usable(way: str) -> tuple[gr.Slider, gr.Slider]:
        return gr.Slider(interactive=way == "tokens"), gr.Slider(interactive=way == "tokens")

    show: dict[str, Any] = {
        "fn": handler(summarise),
        "inputs": [upload, tab.cut, tab.size, tab.overlap],
        "outputs": [tab.summary, tab.preview],
    }
    files, named = [tab.upload, *tab.fields], [upload, tab.name]
    reads, leaves = [tab.upload.upload, tab.again.click], [tab.upload.delete, tab.upload.clear]
    for reading in (
        gr.on(reads, handler(read), files, named, **QUIET),
        gr.on(leaves, handler(follow), [upload, *files], named, **QUIET),
    ):
        reading.success(**show, **PRIVATE)
        reading.failure(ask_for_columns, tab.upload, tab.columns, **QUIET)
    tab.sample.click(handler(sample), None, named, **QUIET).success(**show, **PRIVATE)
    sliders = [tab.size, tab.overlap]
    moves = [s.release for s in sliders] + [s.input for s in sliders]
    gr.on([tab.cut.input, *moves], trigger_mode="always_last", **show, **QUIET)
    tab.cut.input(usable, tab.cut, sliders, **QUIET)


def connect_encoding(
    server: Server,
    upload: gr.State,
    asked: gr.State,
    tab: CorpusTab,
    search: SearchTab,
    listed: Lister,
) -> None:
    """Encode with progress; cancel; either way the buttons come back."""

    def encode(
        found: Upload,
        name: str,
        old: bool,
        way: str,
        size: float,
        overlap: float,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        settings = CutSettings(way, int(size), int(overlap))  # type: ignore[arg-type]
        steps = actions.encode(server, found, visitor(request), name or "", settings, old)
        for status in steps:
            yield status, *go_and_cancel(status["kind"] == "busy")

    def kept(name: str, chosen: str | None, request: gr.Request) -> tuple[Any, ...]:
        return *listed(chosen, name.strip(), request), Asked(), None, None

    def failed() -> tuple[Any, ...]:
        idle = {"kind": "idle", "share": None, "text": "Stopped. Everything is as it was."}
        return idle, *go_and_cancel(False)

    shown = [tab.status, tab.encode, tab.cancel]
    running = tab.encode.click(
        handler(encode),
        [upload, tab.name, tab.replace, tab.cut, tab.size, tab.overlap],
        shown,
        show_progress="hidden",
        **MODEL,
        **PRIVATE,
    )
    lists = [tab.kept, tab.chosen, search.collection]
    answered = [asked, search.results, search.reasons]
    running.success(kept, [tab.name, tab.chosen], [*lists, *answered], **QUIET)
    running.failure(failed, None, shown, **PRIVATE)
    stoppable(server, tab.cancel)


def connect_keeping(
    server: Server, asked: gr.State, tab: CorpusTab, search: SearchTab, listed: Lister
) -> None:
    """Rename and delete what is kept; a search of what is gone is gone as well."""

    def rename(
        name: str | None, new: str, last: Asked, searched: str | None, request: gr.Request
    ) -> tuple[Any, ...]:
        new = actions.rename(server, visitor(request), name or "", new or "")
        if last.collection == name:
            last = replace(last, collection=new)
        return *listed(new, new if searched == name else searched, request), last, ""

    def delete(
        name: str | None, sure: bool, last: Asked, searched: str | None, request: gr.Request
    ) -> tuple[Any, ...]:
        actions.delete(server, visitor(request), name or "", sure)
        gone = last.collection == name
        answer = (Asked(), None, None) if gone else (last, gr.skip(), gr.skip())
        return *listed(None, searched, request), *answer, False

    lists = [tab.kept, tab.chosen, search.collection]
    tab.rename.click(
        handler(rename),
        [tab.chosen, tab.new_name, asked, search.collection],
        [*lists, asked, tab.new_name],
        **QUIET,
    )
    tab.delete.click(
        handler(delete),
        [tab.chosen, tab.sure, asked, search.collection],
        [*lists, asked, search.results, search.reasons, tab.sure],
        **QUIET,
    )
    tab.chosen.input(lambda: False, None, tab.sure, **QUIET)  # a tick agrees to one deletion


def _choices(names: list[str], current: str | None) -> gr.Dropdown:
    value = current if current in names else next(iter(names), None)
    return gr.Dropdown(choices=names, value=value)
