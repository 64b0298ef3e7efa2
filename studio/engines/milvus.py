"""Milvus: WeightedRanker and RRFRanker over one list per vector field.

Formulas from milvus-io/milvus internal/util/function/rerank/weighted_function.go (055a3a3),
rrf_function.go (0779fc6) and util.go (13ca3f9), with pymilvus 3.0.2. `norm_score` (pymilvus'
default) maps an inner product s to 0.5 + atan(s)/π, whatever else the list holds, so a constant
list stays constant; without it scores stay raw. Weights lie in [0, 1]; ranks count from 1; the
RRFRanker has no weights and a k in (0, 16384). Ties: the smaller primary key first.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from studio.engines.engine import Context, Engine, same_weights
from studio.engines.lists import Lists, by_corpus, each, reciprocal, weighed
from studio.records import Floats, FusionSettings

SOURCE = "milvus-io/milvus internal/util/function/rerank/{} ; pymilvus 3.0.2"
LARGEST_K = 16383.0
LEGS = (
    'AnnSearchRequest([dense], "dense", {"metric_type": "IP"}, limit=depth)',
    'AnnSearchRequest([sparse], "sparse", {"metric_type": "IP"}, limit=depth)',
    'AnnSearchRequest([colbert], "tokens[colbert]", {"metric_type": "MAX_SIM_IP"}, limit=depth)',
)
TEXT = '''from pymilvus import AnnSearchRequest, MilvusClient, RRFRanker, WeightedRanker


def search(client: MilvusClient, dense, sparse: dict, colbert, limit={top}, depth={depth}):
    """dense: floats; sparse: token id to weight; colbert: an EmbeddingList, a vector per token."""
    requests = [
{requests}    ]
    ranker = {ranker}
    return client.hybrid_search("{index}", requests, ranker, limit=limit)
'''


def arctangent(values: Floats) -> Floats:
    """0.5 + atan(s)/π: what norm_score makes of an inner product."""
    return np.asarray(0.5 + np.arctan(values) / np.pi)


def _shares(settings: FusionSettings) -> tuple[float, ...]:
    """The weights, divided by the largest where one is above 1: the order stays."""
    largest = max(1.0, *settings.weights)
    return tuple(weight / largest for weight in settings.weights)


def _k(settings: FusionSettings) -> float:
    return min(max(settings.rrf_k, 1e-6), LARGEST_K)


def _raw(lists: Lists, settings: FusionSettings) -> Floats:
    return weighed(np.where(lists.found, lists.scores, 0.0), _shares(settings))


def _normalised(lists: Lists, settings: FusionSettings) -> Floats:
    return weighed(each(lists, arctangent), _shares(settings))


def _rrf(lists: Lists, settings: FusionSettings) -> Floats:
    return weighed(reciprocal(lists, _k(settings)), (1.0, 1.0, 1.0))


def _text(ranker: str, settings: FusionSettings, context: Context) -> str:
    asked = [mode for mode, weight in enumerate(settings.weights) if weight > 0]
    weights = []
    for mode in asked:
        share = repr(float(_shares(settings)[mode]))
        raw = "norm_score=False" in ranker
        weights.append(f"{share} / len(colbert)" if raw and mode == 2 else share)
    return TEXT.format(
        top=context.top,
        depth=context.depth,
        index=context.index,
        requests="".join(f"        {LEGS[mode]},\n" for mode in asked),
        ranker=ranker.format(weights=", ".join(weights), k=f"{_k(settings):.12g}"),
    )


COLBERT = (
    "The ColBERT list needs an array of structs with a MAX_SIM_IP index (Milvus 2.6.4 or newer); "
    "in a hybrid search that is a preview, not tried here. MaxSim adds up over query tokens there."
)
SCALED = "Milvus' weights lie in [0, 1]: larger ones are divided by the largest, the order stays."
NO_NORM = (
    "Milvus has no min-max and no z-score over a list: norm_score maps every inner product s to "
    "0.5 + atan(s)/π, so most of the range of a list is lost. MaxSim is normalised as a sum there."
)


def _with_colbert(settings: FusionSettings, *told: str) -> tuple[str, ...]:
    return (*told, COLBERT) if settings.weights[2] > 0 else told


def _rrf_differs(settings: FusionSettings) -> tuple[str, ...]:
    told = (
        [] if same_weights(settings) else ["The RRFRanker has no weights: all lists count alike."]
    )
    if _k(settings) != settings.rrf_k:
        told.append(f"Milvus takes a k above 0 and below 16384; here {settings.rrf_k:g} is asked.")
    return _with_colbert(settings, *told)


_make = partial(
    Engine, language="python", ties=by_corpus, tie_rule="Ties: the smaller primary key first."
)
ENGINES = (
    _make(
        key="milvus-weighted",
        title="Milvus, WeightedRanker over raw scores",
        source=SOURCE.format("weighted_function.go"),
        serves=frozenset({"none"}),
        fuse=_raw,
        text=partial(_text, "WeightedRanker({weights}, norm_score=False)"),
        differs=lambda settings: _with_colbert(settings, SCALED),
        exact=lambda settings: True,
    ),
    _make(
        key="milvus-weighted-norm",
        title="Milvus, WeightedRanker with norm_score",
        source=SOURCE.format("weighted_function.go"),
        serves=frozenset({"min-max", "z-score"}),
        fuse=_normalised,
        text=partial(_text, "WeightedRanker({weights}, norm_score=True)"),
        differs=lambda settings: _with_colbert(settings, NO_NORM, SCALED),
        exact=lambda settings: False,
    ),
    _make(
        key="milvus-rrf",
        title="Milvus, RRFRanker",
        source=SOURCE.format("rrf_function.go"),
        serves=frozenset({"rrf"}),
        fuse=_rrf,
        text=partial(_text, "RRFRanker(k={k})"),
        differs=_rrf_differs,
        exact=lambda settings: same_weights(settings) and _k(settings) == settings.rrf_k,
    ),
)
