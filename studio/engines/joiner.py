"""Haystack's DocumentJoiner: merge, reciprocal rank fusion, distribution-based rank fusion.

Formulas from haystack-ai 3.4.1, components/joiners/document_joiner.py and utils/misc.py. Weights
are divided by their sum; k is fixed at 61 with ranks from 0, which is 60 here. DBSF keeps the
largest of a document's rescaled scores: it adds nothing up and takes no weights. A constant list
keeps its own scores there. A document that a list lacks adds 0. Ties: order of first appearance.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from studio.engines.engine import Context, Engine
from studio.engines.lists import Lists, by_appearance, constant, each, reciprocal, weighed
from studio.records import MODES, Floats, FusionSettings

SOURCE = "haystack-ai 3.4.1 haystack/components/joiners/document_joiner.py"
FIXED_K = 60.0  # 61 with ranks from 0
TEXT = """from haystack.components.joiners import DocumentJoiner

joiner = DocumentJoiner(join_mode="{mode}"{weights}, top_k={top})
# joiner.run(documents=[{lists}]): one list of Documents per retriever, each with `depth` = {depth}.
"""


def rescaled(values: Floats) -> Floats:
    """(s − low)/(high − low), low, high = mean ∓ 3 population deviations; unchanged if constant."""
    if constant(values):
        return values
    mean, deviation = values.mean(), values.std()
    return np.asarray((values - (mean - 3 * deviation)) / (6 * deviation))


def _shares(settings: FusionSettings) -> list[float]:
    return [weight / sum(settings.weights) for weight in settings.weights]


def _merge(lists: Lists, settings: FusionSettings) -> Floats:
    return weighed(np.where(lists.found, lists.scores, 0.0), _shares(settings))


def _rrf(lists: Lists, settings: FusionSettings) -> Floats:
    return weighed(reciprocal(lists, FIXED_K) * (FIXED_K + 1), _shares(settings))


def _dbsf(lists: Lists, settings: FusionSettings) -> Floats:
    return np.asarray(np.where(lists.found, each(lists, rescaled), -np.inf).max(axis=1))


def _text(mode: str, settings: FusionSettings, context: Context) -> str:
    asked = [at for at, weight in enumerate(settings.weights) if weight > 0]
    weights = [float(settings.weights[at]) for at in asked]
    return TEXT.format(
        mode=mode,
        weights="" if mode.startswith("distribution") else f", weights={weights}",
        top=context.top,
        depth=context.depth,
        lists=", ".join(MODES[at] for at in asked),
    )


DIVIDED = "Weights are divided by their sum there; the order stays."
FIXED = "The constant is fixed at 61 with ranks from 0, which is k = 60 here."
LARGEST = "DBSF keeps a document's largest rescaled score and adds nothing up; it takes no weights."
OWN = "A constant list, or one of a single document, keeps its raw scores there (here 0)."


_make = partial(
    Engine,
    language="python",
    source=SOURCE,
    ties=by_appearance,
    tie_rule="Ties: in the order in which the lists first named them.",
)
ENGINES = (
    _make(
        key="haystack-merge",
        title="Haystack, DocumentJoiner merge",
        serves=frozenset({"none"}),
        fuse=_merge,
        text=partial(_text, "merge"),
        differs=lambda settings: (DIVIDED,),
        exact=lambda settings: True,
    ),
    _make(
        key="haystack-dbsf",
        title="Haystack, DocumentJoiner distribution-based",
        serves=frozenset({"min-max", "z-score"}),
        fuse=_dbsf,
        text=partial(_text, "distribution_based_rank_fusion"),
        differs=lambda settings: (LARGEST, OWN),
        exact=lambda settings: False,
    ),
    _make(
        key="haystack-rrf",
        title="Haystack, DocumentJoiner reciprocal rank fusion",
        serves=frozenset({"rrf"}),
        fuse=_rrf,
        text=partial(_text, "reciprocal_rank_fusion"),
        differs=lambda settings: (DIVIDED, FIXED),
        exact=lambda settings: settings.rrf_k == FIXED_K,
    ),
)
