"""What a protocol keeps of a query's scores: one pool for all modes, or a list per mode.

The last step that needs vectors; weights come afterwards. All of it is kept in the cache, under
the digests of the corpus and of the queries and the name of the protocol's pool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from eval import cache
from eval.protocols import Listed, Protocol, leaderboard, paper
from eval.protocols.bm25 import bm25
from studio import search
from studio.index import Index
from studio.records import Candidates, Encodings, Floats, Integers, Progress

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Pools:
    """One of the two: `candidates`, or `lists` by mode with `reranked`, dense's best 200."""

    candidates: Sequence[Candidates] = ()
    lists: Mapping[str, Sequence[Listed]] = field(default_factory=dict)
    reranked: Sequence[Candidates] = ()


@dataclass(frozen=True, eq=False)
class Scoring:
    """Encoded queries against an index under a protocol; `asked` is the queries' key."""

    rules: Protocol
    index: Index
    queries: Encodings
    texts: Sequence[str]
    folder: Path
    asked: str
    progress: Progress

    def pools(self) -> Pools:
        """What this protocol keeps."""
        return POOLS[self.rules.pool](self)

    def bm25(self) -> list[Listed]:
        """BM25's lists, with the protocol's order among equals."""
        return cache.kept(
            self._path("bm25", self.rules.places.__name__),
            lambda: self._told(bm25(self.index, self.queries, self._places), "scoring by BM25"),
            cache.pack_lists,
            cache.unpack_lists,
        )

    def candidates(self, choose: Callable[[Floats, Floats], Integers]) -> Pools:
        """The same pool for all modes; a small corpus is one, whatever the protocol."""
        whole = len(self.index) <= search.WHOLE
        found = cache.kept(
            self._path("whole" if whole else self.rules.pool),
            lambda: self._told(
                search.candidates(self.index, self.queries, self.texts, choose), "scoring queries"
            ),
            cache.pack_candidates,
            partial(cache.unpack_candidates, texts=self.texts),
        )
        return Pools(candidates=found)

    def retrieved(self) -> Pools:
        """The paper's lists."""
        found = cache.kept(
            self._path(self.rules.pool),
            lambda: self._told(
                paper.retrieve(self.index, self.queries, self.texts, self._places),
                "scoring queries",
            ),
            _packed,
            partial(_unpacked, texts=self.texts),
        )
        pools = [one.pool for one in found]
        return Pools(lists=paper.lists(found, self._places), reranked=pools)

    @cached_property
    def _places(self) -> Integers:
        return self.rules.places(self.index.ids())

    def _path(self, *what: str) -> Path:
        return self.folder / f"scores-{cache.key(self.index.digest, self.asked, *what)}.npz"

    def _told(self, found: Iterable[T], what: str) -> list[T]:
        """All of it, with progress by the query."""
        gathered = []
        for one in found:
            gathered.append(one)
            self.progress(len(gathered), len(self.texts), what)
        return gathered


def _studio(scoring: Scoring) -> Pools:
    return scoring.candidates(search.pool)


def _mteb(scoring: Scoring) -> Pools:
    return scoring.candidates(leaderboard.pool(scoring._places))


POOLS = {"studio": _studio, "mteb": _mteb, "paper": Scoring.retrieved}


def packed_lists(
    lists: Mapping[str, Sequence[Listed]], reranked: Sequence[Candidates]
) -> cache.Arrays:
    """The lists of a `paper-*` protocol as arrays: `dense-rows`, …, `reranked-scores`."""
    parts = {mode: cache.pack_lists(of_mode) for mode, of_mode in lists.items()}
    parts["reranked"] = cache.pack_candidates(reranked)
    return {f"{part}-{name}": a for part, arrays in parts.items() for name, a in arrays.items()}


def unpacked_lists(
    arrays: cache.Arrays, texts: Sequence[str]
) -> tuple[dict[str, list[Listed]], list[Candidates]]:
    """The other way. Raises ValueError where they are not these queries'."""
    parts: dict[str, dict[str, np.ndarray[Any, Any]]] = {}
    for name, array in arrays.items():
        part, _, rest = name.partition("-")
        parts.setdefault(part, {})[rest] = array
    reranked = cache.unpack_candidates(parts.pop("reranked"), texts)
    return {mode: cache.unpack_lists(part) for mode, part in parts.items()}, reranked


def _packed(found: Sequence[paper.Retrieved]) -> cache.Arrays:
    lists = {"dense": [one.dense for one in found], "sparse": [one.sparse for one in found]}
    return packed_lists(lists, [one.pool for one in found])


def _unpacked(arrays: cache.Arrays, texts: Sequence[str]) -> list[paper.Retrieved]:
    lists, pools = unpacked_lists(arrays, texts)
    parts = zip(lists["dense"], lists["sparse"], pools, strict=True)
    return [paper.Retrieved(*one) for one in parts]
