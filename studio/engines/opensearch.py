"""OpenSearch: a hybrid query behind normalization-processor or score-ranker-processor, or a script.

Formulas from opensearch-project/neural-search processor/normalization/{MinMax,ZScore,RRF}…Technique
(00be312), L2… (038af53), processor/combination/{ArithmeticMean,GeometricMean,HarmonicMean,RRF}…
(current main); parameters from documentation-website _search-plugins/search-pipelines. Documents
that a list lacks count 0 (`new float[n]`): arithmetic mean divides by all weights all the same,
geometric and harmonic mean leave them out. In a constant list min_max gives 1, z_score the largest
raw score; min_max turns 0 into 0.001, z_score everything at or below the mean. Ranks count from 1.
Ties: not specified (the order of a HashMap, mostly the smaller document id).
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from studio.engines.engine import Context, Engine, pretty, whole_k
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
from studio.engines.opensearch_scores import COMBINE, NORMALISE, engine_scores, shifted
from studio.records import Floats, FusionSettings

SOURCE = "opensearch-project/neural-search {} ; docs.opensearch.org, search pipelines"
LATE = "lateInteractionScore(params.colbert, 'colbert', params._source, 'innerproduct')"
TOKENS = {"neural_sparse": {"sparse": {"query_tokens": SPARSE}}}


def _fuse(norm: str, mean: str, lists: Lists, settings: FusionSettings) -> Floats:
    seen = Lists(engine_scores(lists.scores), lists.found, lists.ranks)
    return COMBINE[mean](each(seen, NORMALISE[norm]), np.asarray(settings.weights))


def _rrf(lists: Lists, settings: FusionSettings) -> Floats:
    return weighed(reciprocal(lists, whole_k(settings)), _shares(settings))


def _raw(lists: Lists, settings: FusionSettings) -> Floats:
    """The script's sum; dense and ColBERT stand shifted by 1, the same for every document."""
    d, s, m = lists.scores.T
    return weighed(np.column_stack([1.0 + d, s, shifted(m)]), settings.weights)


def _shares(settings: FusionSettings) -> list[float]:
    return [weight / sum(settings.weights) for weight in settings.weights]


def _queries(settings: FusionSettings, depth: int) -> list[Any]:
    knn = {"knn": {"dense": {"vector": DENSE, "k": depth}}}
    every = [knn, TOKENS, colbert_query(f"{LATE} / params.tokens")]
    return [every[mode] for mode in asked(settings)]


def _text(processor: Any, settings: FusionSettings, context: Context) -> str:
    shares = [round(_shares(settings)[mode], 6) for mode in asked(settings)]
    shares[-1] = round(1.0 - sum(shares[:-1]), 6)  # they must add up to 1
    hybrid = {"queries": _queries(settings, context.depth), "pagination_depth": context.depth}
    line, body = search(context, {"query": {"hybrid": hybrid}}, "?search_pipeline=fusion")
    pipeline = {"phase_results_processors": [processor(settings, {"weights": shares})]}
    return pretty({"PUT /_search/pipeline/fusion": pipeline, line: body})


def _normalization(norm: str, mean: str, settings: FusionSettings, parameters: Any) -> Any:
    parts = {"technique": norm}, {"technique": mean, "parameters": parameters}
    return {"normalization-processor": {"normalization": parts[0], "combination": parts[1]}}


def _ranker(settings: FusionSettings, parameters: Any) -> Any:
    constant = {"rank_constant": whole_k(settings)}
    combination = {"technique": "rrf", **constant, "parameters": parameters}
    return {"score-ranker-processor": {"combination": combination}}


def _script_text(settings: FusionSettings, context: Context) -> str:
    cosine = "(1.0 + cosineSimilarity(params.dense, doc['dense']))"
    line, body = search(
        context, {"query": scripted(settings, TOKENS, (cosine, f"{LATE} / params.tokens"))}
    )
    return pretty({line: body})


SUMS = "The weights must add up to 1 there, so they are divided by their sum; the order stays."
LOWEST = "The lowest score of each list counts 0.001 there (here 0)."
ALONE = "In a constant list, or one of a single document, every score counts {} there (here 0)."
BELOW = (
    "Everything at or below the mean of its list counts 0.001: z_score keeps the upper part only.",
    "It divides by the sample deviation; here by that of the population.",
    "A score equal to the mean counts as the list's largest raw score.",
)
LATER = "ColBERT needs lateInteractionScore (OpenSearch 3.3 or newer), a script over all documents."
WHOLE = "rank_constant is a whole number from 1 to 10,000."


def _told(settings: FusionSettings, *told: str) -> tuple[str, ...]:
    modes = asked(settings)
    return told + ((FEATURES,) if 1 in modes else ()) + ((LATER, SUM) if 2 in modes else ())


_make = partial(
    Engine,
    language="json",
    ties=by_corpus,
    tie_rule="Ties stand in no fixed order there; shown by document id.",
)


def _processor(key: str, title: str, kinds: Any, norm: str, mean: str, *told: str) -> Engine:
    return _make(
        key=key,
        title=f"OpenSearch, {title}",
        source=SOURCE.format(f"{norm}, {mean} (00be312)"),
        serves=frozenset(kinds),
        fuse=partial(_fuse, norm, mean),
        text=partial(_text, partial(_normalization, norm, mean)),
        differs=lambda settings: _told(settings, *told, SUMS),
        exact=lambda settings: False,
    )


MEAN = "A {} mean is no weighted sum: a document that a list lacks is left out of its mean."
SET = LOWEST, ALONE.format("1")
L2 = "l2 is not a normalisation of the studio: it divides by the root of the sum of squares."
ENGINES = (
    _make(
        key="opensearch-script",
        title="OpenSearch, script over raw scores",
        source="docs.opensearch.org: Painless extensions, lateInteractionScore, neural_sparse",
        serves=frozenset({"none"}),
        fuse=_raw,
        text=_script_text,
        differs=lambda settings: _told(settings, SCRIPT),
        exact=lambda settings: True,
        pool="all",
    ),
    _processor("opensearch-min-max", "min_max", {"min-max"}, "min_max", "arithmetic_mean", *SET),
    _processor(
        "opensearch-z-score",
        "z_score",
        {"z-score"},
        "z_score",
        "arithmetic_mean",
        *BELOW,
        ALONE.format("its raw score"),
    ),
    _processor("opensearch-l2", "l2", set(), "l2", "arithmetic_mean", L2),
    _processor(
        "opensearch-geometric",
        "min_max and geometric mean",
        set(),
        "min_max",
        "geometric_mean",
        MEAN.format("geometric"),
        *SET,
    ),
    _processor(
        "opensearch-harmonic",
        "min_max and harmonic mean",
        set(),
        "min_max",
        "harmonic_mean",
        MEAN.format("harmonic"),
        *SET,
    ),
    _make(
        key="opensearch-rrf",
        title="OpenSearch, score-ranker-processor",
        source=SOURCE.format("RRFNormalizationTechnique (00be312)"),
        serves=frozenset({"rrf"}),
        fuse=_rrf,
        text=partial(_text, _ranker),
        differs=lambda settings: _told(settings, WHOLE, SUMS),
        exact=lambda s: float(s.rrf_k).is_integer() and 1 <= s.rrf_k <= 10_000,
    ),
)
