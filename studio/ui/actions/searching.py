"""Search a collection, fetch more passages of it, explain one; the same for the API."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval import collection as test_collections
from studio.answers import answer, explained, find
from studio.errors import SettingsError
from studio.explain import reasons
from studio.index import Index
from studio.records import MODES, FusionSettings
from studio.ui.actions.corpus import SAMPLE_NAME
from studio.ui.highlight import first, likely, passage_value
from studio.ui.session import Asked, Server

EXAMPLES = ("en-q07", "en-q02", "de-q12", "fr-q11", "ja-q02", "hi-q08", "sw-q07", "zh-q06")


def open_index(server: Server, visitor: str, name: str) -> Index:
    """A collection's index, with a word on what to do if none is chosen."""
    if not name:
        raise SettingsError("There is no collection to search. Encode one in the tab Corpus.")
    return server.workspace(visitor).index(name)


def search(
    server: Server, visitor: str, name: str, query: str, settings: FusionSettings
) -> tuple[Asked, dict[str, Any]]:
    """Candidates with raw scores, the texts of the first, and which others will be asked for."""
    started = time.perf_counter()
    index = open_index(server, visitor, name)
    encoder = server.encoder.get()
    found, encodings = find(index, encoder, query)
    asked = Asked(name, index.digest, found, encodings)
    value = {
        "query": query,
        "collection": name,
        "encoder": index.encoder.title,
        "truncated": bool(encodings.truncated[0]),
        "pool": len(found.rows),
        "corpus": len(index),
        "ids": _ids(index, found.rows.tolist()),
        "scores": [found.scores[:, mode].tolist() for mode in range(len(MODES))],
        "likely": likely(found, settings),
        "passages": texts(server, asked, visitor, first(found, settings)),
    }
    return asked, value | {"milliseconds": round(1000 * (time.perf_counter() - started))}


def texts(
    server: Server, asked: Asked, visitor: str, chosen: Sequence[int]
) -> dict[str, dict[str, Any]]:
    """Passages for the page, by their place among the candidates."""
    if asked.candidates is None or asked.query is None:
        return {}
    index = _searched(server, asked, visitor)
    encoder = server.encoder.get()
    values = {}
    for at in chosen:
        row = int(asked.candidates.rows[at])
        why = reasons(index, row, asked.query, encoder)
        values[str(at)] = passage_value(index.passage(row), why)
    return values


def why(server: Server, asked: Asked, visitor: str, at: int | None) -> dict[str, Any] | None:
    """The reasons for one candidate, with the sums that prove them; None to show none."""
    if at is None or asked.candidates is None or asked.query is None:
        return None
    index = _searched(server, asked, visitor)
    row = int(asked.candidates.rows[at])
    found = reasons(index, row, asked.query, server.encoder.get())
    passage = index.passage(row)
    scores = dict(zip(MODES, asked.candidates.scores[at].tolist(), strict=True))
    matches = [match.similarity for match in found.matches]
    return {
        "passage": passage.id,
        "title": passage.title,
        **scores,
        **explained(found),
        "sparse_sum": sum(token.contribution for token in found.sparse),
        "multi_vector_mean": sum(matches) / len(matches),
    }


def examples(server: Server, visitor: str, name: str) -> list[str]:
    """Queries to click: the sample's own, else the titles or beginnings of a few passages."""
    if not name:
        return []
    if name == SAMPLE_NAME:
        queries = {query.id: query.text for query in test_collections.load(SAMPLE_NAME).queries}
        return [queries[query] for query in EXAMPLES if query in queries]
    index = open_index(server, visitor, name)
    rows = range(0, len(index), max(1, len(index) // 5))
    passages = [index.passage(row) for row in rows]
    found = (
        # A text file's title is its name, which asks for nothing.
        passage.title
        if passage.title and passage.title != Path(passage.source).stem
        else " ".join(passage.text.split()[:8])
        for passage in passages
    )
    return list(dict.fromkeys(text[:80] for text in found if text.strip()))[:5]


def answer_query(
    server: Server, visitor: str, query: str, name: str, settings: FusionSettings, top: int
) -> dict[str, Any]:
    """What `python -m studio search --json` prints."""
    return answer(open_index(server, visitor, name), server.encoder.get(), query, settings, top)


def _searched(server: Server, asked: Asked, visitor: str) -> Index:
    """The index that was searched; its rows mean nothing in another."""
    index = open_index(server, visitor, asked.collection)
    if index.digest != asked.digest:
        raise SettingsError(
            f"'{asked.collection}' has been replaced since this search. Search again."
        )
    return index


def _ids(index: Index, rows: Sequence[int]) -> list[str]:
    names = index.ids()
    return [names[row] for row in rows]
