"""One evaluation, whole: a collection through an encoder under a protocol, to runs and numbers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from eval import grouping, measures, protocols
from eval.cache import cached_index, kept, pack_encodings, query_key, unpack_encodings
from eval.collection import TestCollection
from eval.pools import Scoring
from studio.encoders.protocol import Encoder
from studio.index import Index, Signature, signature
from studio.records import Candidates, Encodings, FusionSettings, Progress, silent

Numbers = dict[str, dict[str, float]]
"""Mode → measure → mean."""
Runs = dict[str, protocols.Run]


@dataclass(frozen=True, eq=False)
class Scored:
    """A collection with every query's candidates: all that needed the model is done."""

    collection: TestCollection
    encoder: Signature
    index: Index
    queries: Encodings
    candidates: Sequence[Candidates]
    ids: Sequence[str]
    truncated: Mapping[str, int]
    limits: Mapping[str, int]
    seconds: Mapping[str, float]
    protocol: str = "studio"
    lists: Mapping[str, Sequence[protocols.Listed]] = field(default_factory=dict)
    """Under `paper-*`, which keeps one pool per mode: what each mode retrieved, query by query."""
    reranked: Sequence[Candidates] = ()
    """Under `paper-*`: dense's best 200 of each query, in corpus order, all three scores real."""
    bm25: Sequence[protocols.Listed] = ()
    """What BM25 retrieved for each query, where it was asked for."""

    def made_by(self, encoder: Encoder) -> bool:
        """Whether this encoder, as it is set now, would give the same scores."""
        return self.encoder == signature(encoder) and self.limits == limits(encoder)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Runs and numbers of one setting of the weights."""

    scored: Scored
    settings: FusionSettings
    protocol: str
    runs: Mapping[str, protocols.Run]
    table: pd.DataFrame  # one row per mode and query

    @property
    def modes(self) -> dict[str, dict[str, float]]:
        """Mode → measure → mean over languages of each language's mean over queries."""
        language = {q.id: q.language for q in self.scored.collection.queries}
        return self._rounded(measures.means(self.table, language))

    @property
    def pair(self) -> tuple[float, ...]:
        """The weights of Dense + Sparse, where they are not those of all three without ColBERT."""
        fixed = protocols.protocol(self.protocol).weights
        weights = fixed[0].weights if fixed else ()
        return () if weights[:2] == self.settings.weights[:2] else weights

    def parts(self, attribute: str) -> dict[str, list[str]]:
        """By one of `grouping.GROUPINGS`: value → ids of its queries."""
        scored = self.scored
        return grouping.parts(scored.collection.queries, scored.queries.tokens, attribute)

    def group(self, attribute: str) -> dict[str, dict[str, dict[str, float]]]:
        """By one of `grouping.GROUPINGS`: value → mode → measure → mean over queries."""
        return {
            value: self._rounded(measures.means(self.table[self.table["query"].isin(ids)], {}))
            for value, ids in self.parts(attribute).items()
        }

    def _rounded(self, numbers: Numbers) -> Numbers:
        """Means as the protocol reports them."""
        return measures.rounded(numbers, protocols.protocol(self.protocol).decimals)


def score(
    collection: TestCollection,
    encoder: Encoder,
    cache: Path,
    progress: Progress = silent,
    protocol: str = "studio",
    bm25: bool = False,
) -> Scored:
    """Encode the corpus and the queries and score as the protocol says, or reopen what is kept.

    Where all is kept, nothing of the encoder is used but its name and limits.
    """
    rules = protocols.protocol(protocol)
    clock = [time.perf_counter()]
    told = _named(progress, "encoding passages")
    index = cached_index(collection, encoder, cache, told, rules.join)
    clock.append(time.perf_counter())
    texts = [query.text for query in collection.queries]
    asked = query_key(texts, encoder)
    queries = kept(
        cache / f"queries-{asked}.npz",
        lambda: encoder.encode_queries(texts, _named(progress, "encoding queries")),
        pack_encodings,
        unpack_encodings,
    )
    clock.append(time.perf_counter())
    scoring = Scoring(rules, index, queries, texts, cache, asked, progress)
    found = scoring.pools()
    baseline = scoring.bm25() if bm25 else ()
    clock.append(time.perf_counter())
    names = ("encode_passages", "encode_queries", "score")
    return Scored(
        collection=collection,
        encoder=signature(encoder),
        index=index,
        queries=queries,
        candidates=found.candidates,
        ids=index.ids(),
        truncated={"passages": _truncated(index), "queries": _cut(queries)},
        limits=limits(encoder),
        seconds={n: round(b - a, 3) for n, a, b in zip(names, clock, clock[1:], strict=False)},
        protocol=protocol,
        lists=found.lists,
        reranked=found.reranked,
        bm25=baseline,
    )


def evaluate(
    scored: Scored,
    settings: FusionSettings | None = None,
    modes: Sequence[str] = (*protocols.RUN_MODES, protocols.BM25),
) -> Evaluation:
    """Rank and measure; needs no model, so new weights cost a moment.

    Without settings: those that the protocol fixes, else the default. Raises SettingsError where
    it fixes others.
    """
    settings = protocols.protocol(scored.protocol).settings(settings)
    runs = ranked(scored, settings, modes)
    table = measures.per_query(scored.collection.qrels, runs, scored.ids)
    if not any(settings.weights[:2]):  # a mix of two modes of weight 0 is no ranking: no number
        table.loc[table["mode"] == "dense_sparse", list(measures.MEASURES)] = np.nan
    return Evaluation(scored, settings, scored.protocol, runs, table)


def ranked(scored: Scored, settings: FusionSettings, modes: Sequence[str]) -> Runs:
    """The runs of some modes under the protocol that the scores were made for."""
    runs = RUNS[protocols.protocol(scored.protocol).pool](scored, settings)
    if scored.bm25:
        listed = zip(_query_ids(scored), scored.bm25, strict=True)
        runs[protocols.BM25] = {query: protocols.ranked(one) for query, one in listed}
    return {mode: run for mode, run in runs.items() if mode in modes}


def _studio(scored: Scored, settings: FusionSettings) -> Runs:
    return protocols.studio(scored.candidates, _query_ids(scored), settings)


def _paper(scored: Scored, settings: FusionSettings) -> Runs:
    rules = protocols.protocol(scored.protocol)
    weights = rules.weights or (settings, settings)
    places, queries = rules.places(scored.ids), _query_ids(scored)
    return protocols.paper_runs(scored.lists, scored.reranked, queries, weights, places)


def _mteb(scored: Scored, settings: FusionSettings) -> Runs:
    places = protocols.protocol(scored.protocol).places(scored.ids)
    removes = protocols.takes_itself_away(scored.collection.name)
    return protocols.mteb_runs(
        scored.candidates, _query_ids(scored), settings, scored.ids, places, removes
    )


RUNS: dict[str, Callable[[Scored, FusionSettings], Runs]] = {
    "studio": _studio,
    "paper": _paper,
    "mteb": _mteb,
}


def _query_ids(scored: Scored) -> list[str]:
    return [query.id for query in scored.collection.queries]


def limits(encoder: Encoder) -> dict[str, int]:
    """Where the encoder cuts, in tokens."""
    return {"query_tokens": encoder.max_query_tokens, "passage_tokens": encoder.max_tokens}


def _named(progress: Progress, what: str) -> Progress:
    return lambda done, total, _what: progress(done, total, what)


def _truncated(index: Index) -> int:
    return sum(int(segment.array("truncated").sum()) for segment in index.segments)


def _cut(queries: Encodings) -> int:
    return int(queries.truncated.sum())
