"""mteb's HybridSearch: reciprocal rank, relative score and distribution-based score fusion.

Formulas from mteb 2.26.24 mteb/models/hybrid_wrappers.py: ranks from 1, equal scores of a list by
larger document id first (here: the later position in the corpus), a whole k; relative score is
min-max with 0.5 in a constant list; DBSF maps mean ∓ 3 population deviations to [0, 1] and clips,
0.5 below a deviation of 1e-9. All weigh and add; a document that a list lacks adds 0. Each list has
max(top_k, 100, sub_model_top_k) documents. Ties in the result: the larger document id first.
"""

from __future__ import annotations

import json
from functools import partial

import numpy as np

from studio.engines.engine import Context, Engine, Kind, whole_k
from studio.engines.lists import Lists, constant, each, reciprocal, weighed
from studio.records import MODES, Floats, FusionSettings, Integers

SOURCE = "mteb 2.26.24 mteb/models/hybrid_wrappers.py"
LARGEST_K = 1_000_000
TEXT = '''from eval.mteb_model import MtebModel
from mteb.models.hybrid_wrappers import HybridSearch


def hybrid(encoder):
    """mteb's fusion of this studio's lists; MtebModel(encoder, settings) is the studio's own."""
    return HybridSearch(
        [MtebModel(encoder, mode=mode) for mode in {names}],
        weights={weights},
        sub_model_top_k={depth},
        fusion_strategy="{strategy}",{k}
    )
'''
ALONE = '# One list alone needs no fusion: MtebModel(encoder, mode="{mode}") of eval.mteb_model.\n'


def relative(values: Floats) -> Floats:
    """(s − min)/(max − min); 0.5 in a constant list."""
    if constant(values):
        return np.full(len(values), 0.5)
    return np.asarray((values - values.min()) / (values.max() - values.min()))


def distribution(values: Floats) -> Floats:
    """Mean ∓ 3 population deviations to 0 and 1, clipped; 0.5 where there is no deviation."""
    mean, deviation = values.mean(), values.std()
    if deviation < 1e-9:
        return np.full(len(values), 0.5)
    return np.asarray(np.clip((values - (mean - 3 * deviation)) / (6 * deviation), 0.0, 1.0))


def larger_id_first(lists: Lists) -> Lists:
    """The same lists with equal scores the other way round."""
    ranks = np.zeros_like(lists.ranks)
    for mode in range(lists.ranks.shape[1]):
        rows = np.flatnonzero(lists.found[:, mode])[::-1]
        by_score = rows[np.argsort(-lists.scores[rows, mode], kind="stable")]
        ranks[by_score, mode] = np.arange(1, len(rows) + 1)
    return Lists(lists.scores, lists.found, ranks)


def _rrf(lists: Lists, settings: FusionSettings) -> Floats:
    ranked = larger_id_first(lists)
    return weighed(reciprocal(ranked, whole_k(settings, 0, LARGEST_K)), settings.weights)


def by_larger_id(lists: Lists, total: Floats) -> Integers:
    """By total, then by larger document id: here the later position in the corpus."""
    return np.asarray(np.lexsort((-np.arange(len(total)), -total)))


def _normalised(norm: str, lists: Lists, settings: FusionSettings) -> Floats:
    return weighed(each(lists, NORMALISE[norm]), settings.weights)


def _text(strategy: str, settings: FusionSettings, context: Context) -> str:
    asked = [at for at, weight in enumerate(settings.weights) if weight > 0]
    if len(asked) == 1:
        return ALONE.format(mode=MODES[asked[0]])
    k = whole_k(settings, 0, LARGEST_K)
    return TEXT.format(
        names=json.dumps([MODES[at] for at in asked]),
        weights=[float(settings.weights[at]) for at in asked],
        depth=context.depth,
        strategy=strategy,
        k=f"\n        rrf_k={k}," if strategy == "rrf" else "",
    )


NORMALISE = {"rsf": relative, "dbsf": distribution}
CONSTANT = "A constant list, or one of a single document, counts 0.5 there (here 0)."
NO_RAW = "HybridSearch has no raw sum: relative score is min-max per list."
CLIPPED = (
    "DBSF maps mean − 3 and mean + 3 deviations of each list to 0 and 1 and clips: the order of "
    "z-scores as long as none is beyond 3; a document that a list lacks counts 0."
)
WHOLE = "rrf_k is a whole number. Equal scores of a list stand by larger document id first."
OWN_DEPTH = "Each list has at least max(top_k, 100) documents."


def _relative_differs(settings: FusionSettings) -> tuple[str, ...]:
    return (*(() if settings.normalise == "min-max" else (NO_RAW,)), CONSTANT, OWN_DEPTH)


_make = partial(
    Engine,
    language="python",
    source=SOURCE,
    ties=by_larger_id,
    tie_rule="Ties: the larger document id first (here: the later position in the corpus).",
)
RELATIVE: frozenset[Kind] = frozenset({"none", "min-max"})
ENGINES = (
    _make(
        key="mteb-relative",
        title="mteb HybridSearch, relative score",
        serves=RELATIVE,
        fuse=partial(_normalised, "rsf"),
        text=partial(_text, "rsf"),
        differs=_relative_differs,
        exact=lambda settings: settings.normalise == "min-max",
    ),
    _make(
        key="mteb-dbsf",
        title="mteb HybridSearch, distribution-based",
        serves=frozenset({"z-score"}),
        fuse=partial(_normalised, "dbsf"),
        text=partial(_text, "dbsf"),
        differs=lambda settings: (CLIPPED, CONSTANT, OWN_DEPTH),
        exact=lambda settings: False,
    ),
    _make(
        key="mteb-rrf",
        title="mteb HybridSearch, reciprocal rank",
        serves=frozenset({"rrf"}),
        fuse=_rrf,
        text=partial(_text, "rrf"),
        differs=lambda settings: (WHOLE, OWN_DEPTH),
        exact=lambda settings: float(settings.rrf_k).is_integer(),
    ),
)
