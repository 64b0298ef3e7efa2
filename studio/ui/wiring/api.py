"""The endpoints that programs call: each returns what the command of its name prints."""

from __future__ import annotations

from typing import Any

import gradio as gr

from studio.passages import CutSettings
from studio.reading import BY_NAME
from studio.records import FusionSettings
from studio.ui.actions import corpus, evaluating, searching
from studio.ui.session import Server, Session
from studio.ui.wiring.adaptor import MODEL, SEARCH, handler, lasting, plain, visitor


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
        settings = FusionSettings((dense, sparse, multi_vector), normalise)  # type: ignore[arg-type]
        found = visitor(request), query, collection, settings, int(top)
        return searching.answer_query(server, *found)

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
        weights = (dense, sparse, multi_vector)
        settings = FusionSettings(weights, normalise, method)  # type: ignore[arg-type]
        found = visitor(request), query, collection, settings, int(top)
        return searching.answer_query(server, *found)

    def evaluate(collection: str) -> dict[str, Any]:
        """Measures of each mode and mix on a judged collection, at the default weights."""
        return evaluating.answer(server, collection)

    def encode(files: list[str], name: str, request: gr.Request) -> dict[str, Any]:
        """Read, cut (256 tokens, 32 overlapping) and encode files under a name."""
        state = corpus.read(Session(), files, BY_NAME)
        return corpus.encode_at_once(server, state, visitor(request), name, CutSettings())

    for endpoint in (search, rank):
        gr.api(handler(lasting(endpoint), plain), api_name=endpoint.__name__, **SEARCH)
    gr.api(handler(evaluate, plain), api_name="evaluate", **MODEL)
    with gr.Row(visible=False):
        files = gr.File(file_count="multiple", label="files")
        name = gr.Textbox(label="name")
        made = gr.JSON(label="made")
        gr.Button().click(handler(encode, plain), [files, name], made, api_name="encode", **MODEL)
