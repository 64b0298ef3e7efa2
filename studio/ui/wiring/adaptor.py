"""The seam between pure actions and Gradio events: errors become toasts, bugs pass through."""

from __future__ import annotations

import html
import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

import gradio as gr

from studio.errors import StudioError

MODEL: dict[str, Any] = {"concurrency_id": "encoder", "concurrency_limit": 1}
PRIVATE: dict[str, Any] = {"api_visibility": "private"}
# Gradio lays an error over every output that shows progress; a toast says it already.
QUIET: dict[str, Any] = {"show_progress": "hidden", **PRIVATE}


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


def toast(error: StudioError) -> gr.Error:
    """For the page, which renders the text as HTML: so it is escaped."""
    return gr.Error(html.escape(str(error)), print_exception=False, duration=12)


def plain(error: StudioError) -> gr.Error:
    """For programs, which read the text as it is."""
    return gr.Error(str(error), print_exception=False)


def visitor(request: gr.Request) -> str:
    """Whose workspace it is: Gradio's session, a random token known to this tab alone."""
    return str(request.session_hash or "local")
