"""sentence-transformers: it scores all three vectors and fuses none of them, so a few lines do.

sentence-transformers 6.2: `util.mean_maxsim` is the ColBERT score as BGE-M3 defines it (6.1 on),
`util.dot_score` serves dense and sparse. Its only fusion is ReciprocalRankFusionEvaluator
(sparse_encoder/evaluation/reciprocal_rank_fusion.py): two lists, no weights, k = 60, ranks from 1.
The text is this studio's own formula over complete lists; ties by position in the corpus.
"""

from __future__ import annotations

import numpy as np

from studio.engines.engine import Context, Engine
from studio.engines.lists import Lists, by_corpus
from studio.fusion import NORMALISE, reciprocal_ranks
from studio.records import Floats, FusionSettings

NORMALISED = {
    "none": "    parts = scores\n",
    "min-max": (
        "    low, span = scores.min(axis=0), np.ptp(scores, axis=0)\n"
        "    parts = np.where(span > 0, (scores - low) / np.where(span > 0, span, 1), 0)\n"
    ),
    "z-score": (
        "    deviation = np.where(np.ptp(scores, axis=0) > 0, scores.std(axis=0), 0)\n"
        "    parts = np.where(deviation > 0, (scores - scores.mean(axis=0)) / "
        "np.where(deviation > 0, deviation, 1), 0)\n"
    ),
}
RANKS = (
    "    places = np.argsort(np.argsort(-scores, axis=0, kind='stable'), axis=0) + 1\n"
    "    parts = 1 / ({k} + places)\n"
    "    parts[scores[:, 1] <= 0, 1] = 0  # no shared token, no place\n"
)
TEXT = '''import numpy as np
from sentence_transformers import util


def scores(dense_q, dense_p, sparse_q, sparse_p, colbert_q, colbert_p):
    """Three raw scores of every passage for one query: an array (n, 3)."""
    return np.column_stack([
        util.dot_score(dense_q, dense_p).cpu().numpy()[0],
        util.dot_score(sparse_q, sparse_p).cpu().numpy()[0],
        util.mean_maxsim([colbert_q], colbert_p).cpu().numpy()[0],
    ])


def fuse(scores):
    """Order of the passages, best first, and their totals."""
{parts}    totals = parts @ np.array({weights})
    return np.argsort(-totals, kind="stable"), totals
'''


def _fuse(lists: Lists, settings: FusionSettings) -> Floats:
    parts = (
        reciprocal_ranks(lists.ranks, settings.rrf_k)
        if settings.method == "rrf"
        else NORMALISE[settings.normalise](lists.scores)
    )
    products = parts * settings.weights
    return np.asarray(products[:, 0] + products[:, 1] + products[:, 2])


def _text(settings: FusionSettings, context: Context) -> str:
    ranks = RANKS.format(k=repr(float(settings.rrf_k)))
    parts = ranks if settings.method == "rrf" else NORMALISED[settings.normalise]
    return TEXT.format(parts=parts, weights=[float(weight) for weight in settings.weights])


ENGINES = (
    Engine(
        key="sentence-transformers",
        title="sentence-transformers, a few lines over all scores",
        language="python",
        source="sentence-transformers 6.2 util.similarity, sparse_encoder.evaluation",
        serves=frozenset({"none", "min-max", "z-score", "rrf"}),
        fuse=_fuse,
        ties=by_corpus,
        text=_text,
        differs=lambda settings: (),
        exact=lambda settings: True,
        tie_rule="Ties: the position in the corpus, as here.",
        pool="all",
    ),
)
