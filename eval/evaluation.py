"""One evaluation, whole: a collection through an encoder under a protocol, to runs and numbers."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd

from eval import measures, protocols
from eval.collection import Query, TestCollection
from studio import search
from studio.encoders.protocol import Encoder
from studio.index import Index, Signature, digest, signature
from studio.ingest import build
from studio.records import Candidates, Encodings, FusionSettings, Progress, silent


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
        language = {q.id: q.language for q in self.scored.collection.queries}
        return measures.means(self.table, language)

    def group(self, attribute: str) -> dict[str, dict[str, dict[str, float]]]:
        """By 'language' or 'kind' of the query: value → mode → measure → mean over queries."""
        queries: dict[str, list[Query]] = {}
        for query in self.scored.collection.queries:
            if value := getattr(query, attribute):
                queries.setdefault(value, []).append(query)
        return {
            value: measures.means(self.table[self.table["query"].isin({q.id for q in part})], {})
            for value, part in sorted(queries.items())
        }


def score(
    collection: TestCollection, encoder: Encoder, cache: Path, progress: Progress = silent
) -> Scored:
    """Encode (or reopen) the corpus, encode the queries, fill every candidate's three scores."""
    clock = [time.perf_counter()]
    index = cached_index(collection, encoder, cache, progress)
    clock.append(time.perf_counter())
    texts = [query.text for query in collection.queries]
    queries = encoder.encode_queries(texts, _named(progress, "encoding queries"))
    clock.append(time.perf_counter())
    candidates = []
    for found in search.candidates(index, queries, texts):
        candidates.append(found)
        progress(len(candidates), len(texts), "scoring queries")
    clock.append(time.perf_counter())
    names = ("encode_passages", "encode_queries", "score")
    return Scored(
        collection=collection,
        encoder=signature(encoder),
        index=index,
        queries=queries,
        candidates=candidates,
        ids=index.ids(),
        truncated={"passages": _truncated(index), "queries": _cut(queries)},
        limits=limits(encoder),
        seconds={n: round(b - a, 3) for n, a, b in zip(names, clock, clock[1:], strict=False)},
    )


def evaluate(
    scored: Scored,
    settings: FusionSettings,
    protocol: str = "studio",
    modes: Sequence[str] = protocols.RUN_MODES,
) -> Evaluation:
    """Rank and measure; needs no model, so new weights cost a moment."""
    collection = scored.collection
    ids = [query.id for query in collection.queries]
    runs = protocols.studio(scored.candidates, ids, settings, modes)
    table = measures.per_query(collection.qrels, runs, scored.ids)
    if not any(settings.weights[:2]):  # a mix of two modes of weight 0 is no ranking: no number
        table.loc[table["mode"] == "dense_sparse", list(measures.MEASURES)] = np.nan
    return Evaluation(scored, settings, protocol, runs, table)


def limits(encoder: Encoder) -> dict[str, int]:
    """Where the encoder cuts, in tokens."""
    return {"query_tokens": encoder.max_query_tokens, "passage_tokens": encoder.max_tokens}


def cached_index(
    collection: TestCollection, encoder: Encoder, cache: Path, progress: Progress = silent
) -> Index:
    """The corpus' index, kept under its digest: the same texts and encoder are encoded once."""
    place = cache / digest(collection.passages, signature(encoder))[:32]
    if not (place / "manifest.json").is_file():
        cache.mkdir(parents=True, exist_ok=True)
        staged = Path(mkdtemp(dir=cache, prefix="staging-"))
        try:
            told = _named(progress, "encoding passages")
            build(staged / "index", encoder, collection.passages, told)
            with suppress(OSError):  # another process put the same index there meanwhile
                (staged / "index").replace(place)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    return Index(place)


def _named(progress: Progress, what: str) -> Progress:
    return lambda done, total, _what: progress(done, total, what)


def _truncated(index: Index) -> int:
    return sum(int(segment.array("truncated").sum()) for segment in index.segments)


def _cut(queries: Encodings) -> int:
    return int(queries.truncated.sum())
