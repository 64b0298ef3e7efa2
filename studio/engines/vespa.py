"""Vespa: a rank profile that computes all three scores of every match.

Formulas from vespa-engine/vespa container-search com/yahoo/search/ranking/{LinearNormalizer,
ReciprocalRankNormalizer} (54c1885), profile after pyvespa's "mother-of-all-embedding-models"
(115710b). normalize_linear is min-max over the hits of the global phase, 0.5 each where they are
equal. reciprocal_rank is 1/(k + 1 + i), i from 0: ranks from 1, so k is ours (default 60). Ties in
a list keep the hits' order (a stable sort); ties of the result are not specified.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from studio.engines.engine import Context, Engine
from studio.engines.lists import Lists, by_corpus, constant, each, reciprocal, weighed
from studio.records import Floats, FusionSettings

SOURCE = "vespa-engine/vespa com/yahoo/search/ranking/{} (54c1885) ; docs.vespa.ai phased ranking"
NAMES = ("dense_score", "sparse_score", "colbert_score")
PROFILE = """# In the schema of {index}: dense tensor<float>(x[{dimension}]),
# sparse tensor<float>(token{{}}), colbert tensor<float>(t{{}}, y[{multi}]),
# each with `indexing: attribute`.
# Match by: {{targetHits:{depth}}}nearestNeighbor(dense, q_dense) or the tokens of the query.
rank-profile fusion {{
    inputs {{
        query(q_dense) tensor<float>(x[{dimension}])
        query(q_sparse) tensor<float>(token{{}})
        query(q_colbert) tensor<float>(q{{}}, y[{multi}])
        query(q_tokens) double
    }}
    function dense_score() {{
        expression: sum(query(q_dense) * attribute(dense))
    }}
    function sparse_score() {{
        expression: sum(query(q_sparse) * attribute(sparse))
    }}
    function colbert_score() {{
        expression: sum(reduce(sum(query(q_colbert) * attribute(colbert), y), max, t), q)
            / query(q_tokens)
    }}
    first-phase {{
        expression: {first}
    }}
{last}    match-features: dense_score sparse_score colbert_score
}}
"""
GLOBAL = """    global-phase {{
        rerank-count: {count}
        expression: {expression}
    }}
"""


def normalize_linear(values: Floats) -> Floats:
    """(s − min)/(max − min), written around the midpoint; 0.5 in a constant list."""
    if constant(values):
        return np.full(len(values), 0.5)
    low, high = values.min(), values.max()
    return np.asarray(0.5 + (values - (low + high) * 0.5) / (high - low))


def _raw(lists: Lists, settings: FusionSettings) -> Floats:
    return weighed(lists.scores, settings.weights)


def _linear(lists: Lists, settings: FusionSettings) -> Floats:
    return weighed(each(lists, normalize_linear), settings.weights)


def _rrf(lists: Lists, settings: FusionSettings) -> Floats:
    return weighed(reciprocal(lists, settings.rrf_k), settings.weights)


def _sum(settings: FusionSettings, terms: tuple[str, ...]) -> str:
    pairs = zip(settings.weights, terms, strict=True)
    return " + ".join(f"{float(weight)!r} * {term}" for weight, term in pairs if weight > 0)


def _text(terms: tuple[str, ...], settings: FusionSettings, context: Context) -> str:
    count = 2 * context.depth
    expression = _sum(settings, tuple(term.format(k=repr(float(settings.rrf_k))) for term in terms))
    return PROFILE.format(
        index=context.index,
        dimension=context.dimension,
        multi=context.multi_vector_dimension,
        depth=context.depth,
        first=_sum(settings, NAMES),
        last=GLOBAL.format(count=count, expression=expression) if terms != NAMES else "",
    )


LINEAR = tuple(f"normalize_linear({name})" for name in NAMES)
RANKS = (
    "reciprocal_rank(dense_score, {k})",
    "if (sparse_score > 0, reciprocal_rank(sparse_score, {k}), 0)",
    "reciprocal_rank(colbert_score, {k})",
)
MATCHES = (
    "Candidates are what the query matches, and all three scores of each are computed, as here; "
    "not run on a server."
)
RERANKED = (
    "Normalised over the hits of the global phase (rerank-count), not over the studio's pool; hits "
    "reach it by the first phase's raw weighted sum."
)
HALF = "Where all hits are equal they count 0.5 there (here 0): the order stays."
NO_Z = "Vespa has no z-score over hits; normalize_linear is min-max."


def _linear_differs(settings: FusionSettings) -> tuple[str, ...]:
    return ((NO_Z,) if settings.normalise == "z-score" else ()) + (MATCHES, RERANKED, HALF)


_make = partial(
    Engine,
    language="vespa",
    ties=by_corpus,
    tie_rule="Ties stand in no fixed order there; shown by position in the corpus.",
    pool="union",
)
ENGINES = (
    _make(
        key="vespa-expression",
        title="Vespa, rank profile over raw scores",
        source="pyvespa docs/sphinx/source/examples/mother-of-all-embedding-models-cloud (115710b)",
        serves=frozenset({"none"}),
        fuse=_raw,
        text=partial(_text, NAMES),
        differs=lambda settings: (MATCHES,),
        exact=lambda settings: True,
    ),
    _make(
        key="vespa-linear",
        title="Vespa, normalize_linear in the global phase",
        source=SOURCE.format("LinearNormalizer"),
        serves=frozenset({"min-max", "z-score"}),
        fuse=_linear,
        text=partial(_text, LINEAR),
        differs=_linear_differs,
        exact=lambda settings: settings.normalise == "min-max",
    ),
    _make(
        key="vespa-rrf",
        title="Vespa, reciprocal_rank in the global phase",
        source=SOURCE.format("ReciprocalRankNormalizer"),
        serves=frozenset({"rrf"}),
        fuse=_rrf,
        text=partial(_text, RANKS),
        differs=lambda settings: (MATCHES, RERANKED),
        exact=lambda settings: True,
    ),
)
