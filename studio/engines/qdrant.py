"""Qdrant's Query API: formula, reciprocal rank fusion, distribution-based score fusion.

Formulas from qdrant/qdrant lib/segment/src/common/reciprocal_rank_fusion.rs (037600e) and
score_fusion.rs (10ef9ee), checked against qdrant-client 1.20's local mode and qdrant-edge 0.9, the
engine's own core. Ranks count from 0 there, so our k is one more there. DBSF uses the sample
deviation; a constant list, and a list of one document, count 0.5. `rrf_scoring` "does not break
ties": shown is the order of first appearance, as in the local mode. Fusing one list alone gives its
normalised scores to a formula, so that weights multiply there as they do here.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from studio.engines.engine import Engine, Kind, same_weights, whole_k
from studio.engines.lists import Lists, by_appearance, constant, each, reciprocal, weighed
from studio.engines.qdrant_text import DBSF, RRF, dbsf_text, formula_text, nested_text, rrf_text
from studio.records import Floats, FusionSettings

SOURCE = (
    "qdrant/qdrant lib/segment/src/common/{} ; qdrant.tech/documentation/concepts/hybrid-queries"
)
TIES = "Ties stand in no fixed order there; shown in the order of first appearance."


def position_scores(lists: Lists, settings: FusionSettings) -> Floats:
    """1/((position + 1)/weight + k − 1), position from 0, summed. Equal weights are left out."""
    k = whole_k(settings, low=0) + 1
    total = np.zeros(len(lists.scores))
    for mode, weight in enumerate(settings.weights):
        w = 1.0 if same_weights(settings) else weight
        if weight > 0:
            ranks = lists.ranks[:, mode]
            total += np.where(ranks > 0, 1.0 / (np.maximum(ranks, 1) / w + k - 1.0), 0.0)
    return total


def distribution(values: Floats) -> Floats:
    """(s − low)/(high − low) with low, high = mean ∓ 3 sample deviations; 0.5 if constant."""
    if constant(values):
        return np.full(len(values), 0.5)
    mean, deviation = values.mean(), values.std(ddof=1)
    return np.asarray((values - (mean - 3 * deviation)) / (6 * deviation))


def _raw(lists: Lists, settings: FusionSettings) -> Floats:
    return weighed(np.where(lists.found, lists.scores, 0.0), settings.weights)


def _ranks(lists: Lists, settings: FusionSettings) -> Floats:
    return weighed(reciprocal(lists, whole_k(settings, low=0)), settings.weights)


def _dbsf(lists: Lists, settings: FusionSettings) -> Floats:
    return weighed(each(lists, distribution), (1.0, 1.0, 1.0))


def _weighted_dbsf(lists: Lists, settings: FusionSettings) -> Floats:
    return weighed(each(lists, distribution), settings.weights)


K_WHOLE = (
    "Qdrant's k is a whole number from 1, and its ranks count from 0: our k is one more there."
)
SAMPLE = (
    "DBSF maps mean − 3 and mean + 3 sample deviations of each list to 0 and 1: the order of "
    "z-scores where lists are complete; a document that a list lacks counts 0, 3 deviations below."
)
CONSTANT = "A constant list, or one of a single document, counts 0.5 (here 0)."
NO_RANGE = "Qdrant has no min-max over a list; this is its nearest normalisation."


def _rrf_differs(settings: FusionSettings) -> tuple[str, ...]:
    bent = (
        "Qdrant's weights divide the rank, 1/(rank/w + k − 1), and do not multiply its reciprocal: "
        "(1, 2) and (2, 4) rank differently there. qdrant-rrf-formula keeps ours."
    )
    return (K_WHOLE,) if same_weights(settings) else (K_WHOLE, bent)


def _dbsf_differs(settings: FusionSettings) -> tuple[str, ...]:
    told = (SAMPLE, CONSTANT) if settings.normalise == "z-score" else (NO_RANGE, SAMPLE, CONSTANT)
    if same_weights(settings):
        return told
    return (*told, "DBSF takes no weights: the lists count alike. qdrant-dbsf-formula weighs them.")


def _whole(settings: FusionSettings) -> bool:
    return float(settings.rrf_k).is_integer() and settings.rrf_k <= 10_000


NORMALISED: frozenset[Kind] = frozenset({"min-max", "z-score"})
_make = partial(Engine, language="python", ties=by_appearance, tie_rule=TIES)
ENGINES = (
    _make(
        key="qdrant-formula",
        title="Qdrant, formula over raw scores",
        source="qdrant.tech/documentation/concepts/hybrid-queries: formula",
        serves=frozenset({"none"}),
        fuse=_raw,
        text=formula_text,
        differs=lambda settings: (
            "MaxSim adds up over query tokens there: the text divides its weight by their number.",
            "A passage may hold up to 1,048,576 / dimension token vectors on a server.",
        ),
        exact=lambda settings: True,
        pool="union",
    ),
    _make(
        key="qdrant-rrf",
        title="Qdrant, reciprocal rank fusion",
        source=SOURCE.format("reciprocal_rank_fusion.rs"),
        serves=frozenset({"rrf"}),
        fuse=position_scores,
        text=rrf_text,
        differs=_rrf_differs,
        exact=lambda settings: same_weights(settings) and _whole(settings),
    ),
    _make(
        key="qdrant-rrf-formula",
        title="Qdrant, reciprocal ranks weighed by a formula",
        source=SOURCE.format("reciprocal_rank_fusion.rs"),
        serves=frozenset({"rrf"}),
        fuse=_ranks,
        text=partial(nested_text, RRF),
        differs=lambda settings: (K_WHOLE,),
        exact=_whole,
    ),
    _make(
        key="qdrant-dbsf",
        title="Qdrant, distribution-based score fusion",
        source=SOURCE.format("score_fusion.rs"),
        serves=NORMALISED,
        fuse=_dbsf,
        text=dbsf_text,
        differs=_dbsf_differs,
        exact=lambda settings: settings.normalise == "z-score" and same_weights(settings),
    ),
    _make(
        key="qdrant-dbsf-formula",
        title="Qdrant, distribution-based scores weighed by a formula",
        source=SOURCE.format("score_fusion.rs"),
        serves=NORMALISED,
        fuse=_weighted_dbsf,
        text=partial(nested_text, DBSF),
        differs=lambda s: (
            (SAMPLE, CONSTANT) if s.normalise == "z-score" else (NO_RANGE, SAMPLE, CONSTANT)
        ),
        exact=lambda settings: settings.normalise == "z-score",
    ),
)
