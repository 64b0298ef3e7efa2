"""The endpoints that programs call: each returns what the command of its name prints."""

from __future__ import annotations

from typing import Any

import gradio as gr

from studio.errors import SettingsError
from studio.passages import CutSettings
from studio.reading import BY_NAME
from studio.records import FusionSettings
from studio.ui.actions import corpus, evaluating, searching
from studio.ui.session import Server
from studio.ui.wiring.adaptor import MODEL, SEARCH, handler, lasting, plain, visitor

MOST = 100_000  # results that one call may ask for


def publish(server: Server) -> None:
    """search, rank, evaluate and encode."""

    def search(
        query: str,
        collection: str,
        dense: float,
        sparse: float,
        multi_vector: float,
        normalise: str,
        top: float,
        request: gr.Request,
    ) -> dict[str, Any]:
        """Search a collection by a weighted sum of the three scores."""
        weights = dense, sparse, multi_vector
        found = checked(query, collection, weights, normalise, "weighted", top)
        return searching.answer_query(server, visitor(request), *found)

    def rank(
        query: str,
        collection: str,
        dense: float,
        sparse: float,
        multi_vector: float,
        normalise: str,
        top: float,
        method: str,
        request: gr.Request,
    ) -> dict[str, Any]:
        """Search a collection by a weighted sum or by reciprocal rank fusion."""
        weights = dense, sparse, multi_vector
        found = checked(query, collection, weights, normalise, method, top)
        return searching.answer_query(server, visitor(request), *found)

    def evaluate(collection: str) -> dict[str, Any]:
        """Measures of each mode and mix on a judged collection, at the default weights."""
        return evaluating.answer(server, collection)

    def encode(files: list[str], name: str, request: gr.Request) -> dict[str, Any]:
        """Read, cut (256 tokens, 32 overlapping) and encode files under a name."""
        state = corpus.read(files, BY_NAME)
        return corpus.encode_at_once(server, state, visitor(request), name, CutSettings())

    for endpoint in (search, rank):
        gr.api(handler(lasting(endpoint), plain), api_name=endpoint.__name__, **SEARCH)
    gr.api(handler(evaluate, plain), api_name="evaluate", **MODEL)
    with gr.Row(visible=False):
        files = gr.File(file_count="multiple", label="files")
        name = gr.Textbox(label="name")
        made = gr.JSON(label="made")
        gr.Button().click(handler(encode, plain), [files, name], made, api_name="encode", **MODEL)


def checked(
    query: Any,
    collection: Any,
    weights: tuple[Any, Any, Any],
    normalise: Any,
    method: Any,
    top: Any,
) -> tuple[str, str, FusionSettings, int]:
    """What a program sent, of the right types; programs send what pages cannot."""
    if not isinstance(query, str) or not isinstance(collection, str):
        raise SettingsError("query and collection must be strings.")
    if not all(isinstance(weight, int | float) for weight in weights):
        raise SettingsError("The three weights must be numbers.")
    if not isinstance(top, int | float) or top != int(min(top, MOST)):
        raise SettingsError(f"top must be a whole number of at most {MOST:,}.")
    return query, collection, FusionSettings(weights, normalise, method), int(top)
