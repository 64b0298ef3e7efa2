"""Elasticsearch: rrf and linear retrievers, or a script over all three vectors.

Formulas from elastic/elasticsearch x-pack/plugin/rank-rrf: rrf/RRFRetrieverBuilder (main:
`value.score += weights[i] * (1.0f / (rankConstant + rank))`, ranks from 1), linear/
{LinearRetrieverBuilder (030968a), MinMaxScoreNormalizer (05d51c1), L2ScoreNormalizer (2ddd3e9)}.
A dense_vector of dot_product or cosine scores (1 + s)/2. A list that lacks a document adds 0.
minmax leaves a constant list at its own score (ε = 1e-6). Ties: the smaller document id first.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from studio.engines.engine import Context, Engine, Kind, pretty, whole_k
from studio.engines.lists import Lists, by_corpus, each, reciprocal, weighed
from studio.engines.lucene import (
    DENSE,
    FEATURES,
    SCRIPT,
    SPARSE,
    SUM,
    asked,
    colbert_query,
    scripted,
    search,
)
from studio.records import Floats, FusionSettings

SOURCE = (
    "elastic/elasticsearch x-pack/plugin/rank-rrf {} ; elastic.co/docs retrievers, rank_vectors"
)
NEAR = 1e-6  # EPSILON of both normalizers
LATE = "(1.0 + maxSimDotProduct(params.colbert, 'colbert') / params.tokens)"
TOKENS = {"sparse_vector": {"field": "sparse", "query_vector": SPARSE, "prune": False}}


def engine_scores(scores: Floats) -> Floats:
    """Scores as the three retrievers give them: (1 + dense)/2, sparse, 1 + ColBERT. (n, 3)."""
    d, s, m = scores.T
    return np.column_stack([(1.0 + d) / 2.0, s, 1.0 + m])


def minmax(values: Floats) -> Floats:
    """(s − min)/(max − min); a constant list keeps its score."""
    low, high = values.min(), values.max()
    return values if high - low < NEAR else np.asarray((values - low) / (high - low))


def l2_norm(values: Floats) -> Floats:
    """s/√Σs²; unchanged where that is near 0."""
    norm = float(np.sqrt((values * values).sum()))
    return values if norm < NEAR else np.asarray(values / norm)


def identity(values: Floats) -> Floats:
    """The normalizer `none`."""
    return values


NORMALISE = {"none": identity, "minmax": minmax, "l2_norm": l2_norm}


def _weights(norm: str, settings: FusionSettings) -> tuple[float, float, float]:
    """Dense counts double under `none`, since (1 + s)/2 has halved it."""
    d, s, m = settings.weights
    return (2.0 * d if norm == "none" else d, s, m)


def _linear(norm: str, lists: Lists, settings: FusionSettings) -> Floats:
    seen = Lists(engine_scores(lists.scores), lists.found, lists.ranks)
    return weighed(each(seen, NORMALISE[norm]), _weights(norm, settings))


def _rrf(lists: Lists, settings: FusionSettings) -> Floats:
    return weighed(reciprocal(lists, whole_k(settings)), settings.weights)


def _raw(lists: Lists, settings: FusionSettings) -> Floats:
    """The script's sum; dense and ColBERT stand shifted by 1, the same for every document."""
    d, s, m = lists.scores.T
    return weighed(np.column_stack([1.0 + d, s, 1.0 + m]), settings.weights)


def _retrievers(settings: FusionSettings, depth: int) -> list[Any]:
    knn = {"field": "dense", "query_vector": DENSE, "k": depth, "num_candidates": 2 * depth}
    every: list[Any] = [
        {"knn": knn},
        {"standard": {"query": TOKENS}},
        {"standard": {"query": colbert_query(LATE)}},
    ]
    return [every[mode] for mode in asked(settings)]


def _rrf_text(settings: FusionSettings, context: Context) -> str:
    retrievers = [
        {"retriever": retriever, "weight": settings.weights[mode]}
        for mode, retriever in zip(
            asked(settings), _retrievers(settings, context.depth), strict=True
        )
    ]
    window = {"rank_window_size": max(context.depth, context.top)}
    rrf = {"retrievers": retrievers, "rank_constant": whole_k(settings), **window}
    line, body = search(context, {"retriever": {"rrf": rrf}})
    return pretty({line: body})


def _linear_text(norm: str, settings: FusionSettings, context: Context) -> str:
    weights = _weights(norm, settings)
    retrievers = [
        {"retriever": retriever, "weight": weights[mode], "normalizer": norm}
        for mode, retriever in zip(
            asked(settings), _retrievers(settings, context.depth), strict=True
        )
    ]
    window = {"rank_window_size": max(context.depth, context.top)}
    line, body = search(context, {"retriever": {"linear": {"retrievers": retrievers, **window}}})
    return pretty({line: body})


def _script_text(settings: FusionSettings, context: Context) -> str:
    dense = "(1.0 + dotProduct(params.dense, 'dense'))"
    line, body = search(context, {"query": scripted(settings, TOKENS, (dense, LATE))})
    return pretty({line: body})


HALF = (
    "Dense scores (1 + s)/2 and ColBERT 1 + s there: with `none` a document gains a constant for "
    "being in those lists, so one that a list lacks falls behind by more than here."
)
KEEPS = "A constant list, or one of a single document, keeps its own score there (here 0)."
NO_Z = "The linear retriever has no z-score; minmax is the nearest of its normalizers."
L2 = "l2_norm is not a normalisation of the studio: it divides by the root of the sum of squares."
WHOLE = "rank_constant is a whole number from 1."
WEIGHTS = "Weights in an rrf retriever need a version that has them (9.2 or newer; not checked)."
QUANTISED = (
    "A dense_vector may be quantised by default: map it as `hnsw` or `flat` to keep float32."
)
PREVIEW = "rank_vectors is a technical preview, and MaxSim a script over all documents."


def _told(settings: FusionSettings, *told: str) -> tuple[str, ...]:
    modes = asked(settings)
    dense = (QUANTISED,) if 0 in modes else ()
    sparse = (FEATURES,) if 1 in modes else ()
    return told + dense + sparse + ((PREVIEW, SUM) if 2 in modes else ())


_make = partial(
    Engine, language="json", ties=by_corpus, tie_rule="Ties: the smaller document id first."
)


def _retriever(key: str, kinds: set[Kind], norm: str) -> Engine:
    def differs(settings: FusionSettings) -> tuple[str, ...]:
        own = {"none": (HALF,), "minmax": (KEEPS,), "l2_norm": (L2,)}[norm]
        other = norm == "minmax" and settings.normalise == "z-score"
        return _told(settings, *((NO_Z,) if other else ()), *own)

    return _make(
        key=key,
        title=f"Elasticsearch, linear retriever ({norm})",
        source=SOURCE.format("linear/LinearRetrieverBuilder (030968a)"),
        serves=frozenset(kinds),
        fuse=partial(_linear, norm),
        text=partial(_linear_text, norm),
        differs=differs,
        exact=lambda s: norm == "none" or (norm == "minmax" and s.normalise == "min-max"),
    )


ENGINES = (
    _make(
        key="elasticsearch-script",
        title="Elasticsearch, script over raw scores",
        source="elastic.co/docs: script_score, sparse_vector query, rank_vectors (37327a8)",
        serves=frozenset({"none"}),
        fuse=_raw,
        text=_script_text,
        differs=lambda settings: _told(settings, SCRIPT),
        exact=lambda settings: True,
        pool="all",
    ),
    _retriever("elasticsearch-linear", {"none"}, "none"),
    _retriever("elasticsearch-minmax", {"min-max", "z-score"}, "minmax"),
    _retriever("elasticsearch-l2", set(), "l2_norm"),
    _make(
        key="elasticsearch-rrf",
        title="Elasticsearch, rrf retriever",
        source=SOURCE.format("rrf/RRFRetrieverBuilder (main, line 223)"),
        serves=frozenset({"rrf"}),
        fuse=_rrf,
        text=_rrf_text,
        differs=lambda settings: _told(settings, WHOLE, WEIGHTS),
        exact=lambda s: float(s.rrf_k).is_integer() and 1 <= s.rrf_k <= 10_000,
    ),
)
