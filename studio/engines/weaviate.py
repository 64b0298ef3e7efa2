"""Weaviate: a hybrid query of two lists, one of vectors and one of keywords, weighed by alpha.

Formulas from weaviate/weaviate usecases/traverser/hybrid/hybrid_fusion.go (0b8effc), client
weaviate-client 4.24. Ranked fusion is weight/(60 + i) with i from 0, which is k = 59 here, and 60
is fixed. Relative score is min-max per list; in a constant list each counts the whole weight. A
document that a list lacks adds 0. Ties: the larger own score of the list that named it last (which
of the two lists is last was not verified; dense is taken).
"""

from __future__ import annotations

from functools import partial

import numpy as np

from studio.engines.engine import Context, Engine
from studio.engines.lists import Lists, constant, each, reciprocal, weighed
from studio.records import Floats, FusionSettings, Integers

SOURCE = (
    "weaviate/weaviate usecases/traverser/hybrid/hybrid_fusion.go (0b8effc) ; weaviate-client 4.24"
)
FIXED_K = 59.0  # 60 with ranks from 0
TEXT = '''from weaviate.classes.query import HybridFusion


def search(collection, query: str, dense, limit={top}):
    """dense: the query's vector; the words of `query` go to Weaviate's own BM25."""
    return collection.query.hybrid(
        query=query,
        vector=dense,
        target_vector="dense",
        alpha={alpha},  # dense / (dense + sparse)
        fusion_type=HybridFusion.{fusion},
        limit=limit,
    ).objects
'''


def relative(values: Floats) -> Floats:
    """(s − min)/(max − min); 1 in a constant list."""
    if constant(values):
        return np.ones(len(values))
    return np.asarray((values - values.min()) / (values.max() - values.min()))


def alpha(settings: FusionSettings) -> float:
    """The share of the dense list: dense/(dense + sparse)."""
    d, s, _ = settings.weights
    return d / (d + s) if d + s > 0 else 1.0


def _weights(settings: FusionSettings) -> tuple[float, float, float]:
    return (alpha(settings), 1.0 - alpha(settings), 0.0)


def _relative(lists: Lists, settings: FusionSettings) -> Floats:
    return weighed(each(lists, relative), _weights(settings))


def _ranked(lists: Lists, settings: FusionSettings) -> Floats:
    return weighed(reciprocal(lists, FIXED_K), _weights(settings))


def by_own_score(lists: Lists, total: Floats) -> Integers:
    """By total, then by the score in the last list that has the document, dense before sparse."""
    own = np.where(lists.found[:, 0], lists.scores[:, 0], lists.scores[:, 1])
    return np.asarray(np.lexsort((-own, -total)))


def _text(fusion: str, settings: FusionSettings, context: Context) -> str:
    return TEXT.format(top=context.top, alpha=repr(round(alpha(settings), 6)), fusion=fusion)


TWO = (
    "Weaviate fuses two lists: dense, and the keywords of its own BM25. BGE-M3's sparse vector has "
    "no place there; its scores stand in for BM25's in this preview."
)
LEFT = "The ColBERT list is not part of it; a multi-vector can be searched on its own."
WHOLE = "In a constant list, or one of a single document, every score counts 1 there (here 0)."
ONLY = (
    "Weaviate has no raw sum and no z-score of a hybrid query: relative score is min-max per list."
)
RANKED_K = "The constant is fixed at 60 with ranks from 0, which is k = 59 here."


def _told(settings: FusionSettings, *told: str) -> tuple[str, ...]:
    return (TWO, *((LEFT,) if settings.weights[2] > 0 else ()), *told)


def _relative_differs(settings: FusionSettings) -> tuple[str, ...]:
    other = () if settings.normalise == "min-max" else (ONLY,)
    return _told(settings, *other, WHOLE)


def _exact(settings: FusionSettings) -> bool:
    return settings.weights[2] == 0


_make = partial(
    Engine,
    language="python",
    source=SOURCE,
    ties=by_own_score,
    tie_rule="Ties: the larger own score of the list that named the document last.",
    modes=(True, True, False),
)
ENGINES = (
    _make(
        key="weaviate-relative",
        title="Weaviate, relativeScoreFusion",
        serves=frozenset({"none", "min-max", "z-score"}),
        fuse=_relative,
        text=partial(_text, "RELATIVE_SCORE"),
        differs=_relative_differs,
        exact=lambda settings: False,
    ),
    _make(
        key="weaviate-ranked",
        title="Weaviate, rankedFusion",
        serves=frozenset({"rrf"}),
        fuse=_ranked,
        text=partial(_text, "RANKED"),
        differs=lambda settings: _told(settings, RANKED_K),
        exact=lambda settings: False,
    ),
)
