"""Take the present setting away: texts for papers, terminals and other engines."""

from __future__ import annotations

import json

import numpy as np

from studio.engines import Context
from studio.records import FusionSettings
from studio.search import WHOLE
from studio.ui import takeaway
from studio.ui.actions.searching import open_index
from studio.ui.session import Asked, Laid, Server


def texts(
    server: Server, visitor: str, asked: Asked, laid: Laid | None, settings: FusionSettings
) -> str:
    """As JSON: a setting's texts, with the last search ranked as each engine would."""
    ids: list[str] = []
    candidates = asked.candidates
    if candidates is not None:
        index = open_index(server, visitor, asked.collection)
        if index.digest != asked.digest:  # replaced since: its rows mean other passages
            candidates = None
        else:
            names = index.ids()
            ids = [names[row] for row in candidates.rows.tolist()]
    context = known(server, asked, laid, settings)
    return json.dumps(takeaway.texts(settings, context, candidates, ids))


def known(server: Server, asked: Asked, laid: Laid | None, settings: FusionSettings) -> Context:
    """What can be said of where the setting comes from; only what is known."""
    encoder = server.encoder.loaded
    collection, pool = asked.collection or "COLLECTION", ""
    if laid is not None:
        collection, size = laid.scored.collection.name, len(laid.scored.index)
        pool = "every passage" if size <= WHOLE else "the union of dense's and sparse's top 1,000"
    held_out, interval = held(laid, settings)
    if encoder is None:
        return Context(collection=collection, pool=pool, held_out=held_out, interval=interval)
    return Context(
        encoder=encoder.title,
        revision=encoder.revision,
        collection=collection,
        pool=pool,
        measure=laid.aim.measure if laid is not None else "nDCG@10",
        held_out=held_out,
        interval=interval,
        dimension=encoder.dimension,
        multi_vector_dimension=encoder.multi_vector_dimension,
    )


def held(
    laid: Laid | None, settings: FusionSettings
) -> tuple[float | None, tuple[float, float] | None]:
    """The held-out gain and its interval, where these are the weights that tuning chose."""
    if laid is None or laid.swept is None:
        return None, None
    found, kept = laid.swept.surface, laid.swept.held_out
    shares = np.asarray(settings.weights) / sum(settings.weights)
    same = np.allclose(shares, found.weights[found.best], atol=5e-3)
    way = (settings.method, settings.normalise) == (
        laid.aim.settings.method,
        laid.aim.settings.normalise,
    )
    return (kept.gain, kept.interval) if same and way else (None, None)
