"""The seam between pure actions and Gradio events: errors become toasts, bugs pass through."""

from __future__ import annotations

import html
import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import Any

import gradio as gr

from studio.errors import Cancelled, StudioError
from studio.ui.session import NOBODY, Server

# Searches queue apart from long work, so that one is answered while a corpus is encoded.
SEARCH: dict[str, Any] = {"concurrency_id": "search", "concurrency_limit": 1}
MODEL: dict[str, Any] = {"concurrency_id": "encoder", "concurrency_limit": 1}
PRIVATE: dict[str, Any] = {"api_visibility": "private"}
# Gradio lays an error over every output that shows progress; a toast says it already.
QUIET: dict[str, Any] = {"show_progress": "hidden", **PRIVATE}
# Torch starts its helpers anew for every thread, and Gradio's threads come and go: in one that
# lasts, a search takes half the time.
SEARCHES = ThreadPoolExecutor(1, thread_name_prefix="search")


def handler(
    action: Callable[..., Any], shown: Callable[[StudioError], gr.Error] | None = None
) -> Callable[..., Any]:
    """An action, or one that yields, as an event handler that shows a StudioError.

    The wrapper keeps the signature: Gradio reads it to pass `gr.Request` and the like.
    """
    shown = shown or toast
    if inspect.isgeneratorfunction(action):

        @wraps(action)
        def stream(*values: Any, **extra: Any) -> Any:
            try:
                yield from action(*values, **extra)
            except StudioError as error:
                raise shown(error) from error

        return stream

    @wraps(action)
    def call(*values: Any, **extra: Any) -> Any:
        try:
            return action(*values, **extra)
        except StudioError as error:
            raise shown(error) from error

    return call


def stoppable(server: Server, cancel: gr.Button) -> None:
    """The button stops what its visitor has running."""

    def stop(request: gr.Request) -> None:
        server.jobs.cancel(visitor(request))

    cancel.click(stop, None, None, **PRIVATE)


def go_and_cancel(busy: bool) -> tuple[gr.Button, gr.Button]:
    """The two buttons of long work, while it runs and when it does not."""
    return gr.Button(interactive=not busy), gr.Button(interactive=busy)


def stopped() -> tuple[Any, ...]:
    """The line of status and the buttons after an error or a cancel."""
    return {"kind": "idle", "share": None, "text": "Stopped."}, *go_and_cancel(False)


def lasting(action: Callable[..., Any]) -> Callable[..., Any]:
    """An action that runs in the thread kept for searches."""

    @wraps(action)
    def call(*values: Any, **extra: Any) -> Any:
        return SEARCHES.submit(action, *values, **extra).result()

    return call


def toast(error: StudioError) -> gr.Error:
    """For the page, which renders the text as HTML: so it is escaped. A cancel is no alarm."""
    if isinstance(error, Cancelled):
        gr.Info(html.escape(str(error)), duration=5)
        return gr.Error(visible=False, print_exception=False)
    return gr.Error(html.escape(str(error)), print_exception=False, duration=12)


def plain(error: StudioError) -> gr.Error:
    """For programs, which read the text as it is."""
    return gr.Error(str(error), print_exception=False)


def visitor(request: gr.Request) -> str:
    """Whose workspace it is: Gradio's session, a random token known to this tab alone."""
    return str(request.session_hash or NOBODY)
