"""What an engine of this package is: a formula, a tie rule, a configuration text, and what differs.

Knows no engine. Order of the three lists as everywhere: dense, sparse, multi_vector.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from studio.engines.lists import Depth, Lists, Pool, cut
from studio.errors import SettingsError
from studio.records import Floats, FusionSettings, Integers, Normalisation

Kind = Literal["none", "min-max", "z-score", "rrf"]
"""What a setting asks an engine for: raw scores, a normalisation, or ranks."""
KINDS: tuple[Kind, ...] = ("none", "min-max", "z-score", "rrf")
Language = Literal["text", "shell", "json", "python", "vespa"]


@dataclass(frozen=True)
class Context:
    """What a text may say beside the weights; everything has a value that reads well."""

    encoder: str = "BAAI/bge-m3"
    revision: str = ""
    collection: str = "COLLECTION"
    pool: str = ""
    measure: str = "nDCG@10"
    held_out: float | None = None
    """Gain of these weights over the default on queries that did not choose them."""
    interval: tuple[float, float] | None = None
    index: str = "passages"
    depth: int = 100
    """How many documents each list brings in the engine."""
    top: int = 10
    dimension: int = 1024
    multi_vector_dimension: int = 1024

    def __post_init__(self) -> None:
        if min(self.depth, self.top, self.dimension, self.multi_vector_dimension) < 1:
            raise SettingsError("Depth, top and the dimensions must be 1 or more.")


@dataclass(frozen=True)
class Export:
    """One text to take away. `exact`: the same order as here where each list holds every document.

    `differences` are sentences: what is not the same there, complete lists or not.
    """

    engine: str
    title: str
    language: Language
    text: str
    exact: bool
    differences: tuple[str, ...]
    source: str


@dataclass(frozen=True, eq=False)
class Fused:
    """How an engine ranks a pool.

    order: indices into the candidates, best first, without those that no list brought.
    total (n,): the engine's own score, -inf for a candidate that no list brought.
    found (n, 3): whether the list of that mode brought the candidate.
    """

    order: Integers
    total: Floats
    found: Any


@dataclass(frozen=True)
class Engine:
    """One way in which one engine fuses; called with raw scores it ranks them.

    `fuse(lists, settings)` gives totals (n,), `ties(lists, total)` the order of candidates that
    were found. `pool`: with "lists" each list has its own documents' scores alone; with "union"
    candidates are what dense and sparse brought, with "all" every document, and all scores of
    theirs are computed.
    """

    key: str
    title: str
    language: Language
    source: str
    serves: frozenset[Kind]
    fuse: Callable[[Lists, FusionSettings], Floats]
    ties: Callable[[Lists, Floats], Integers]
    text: Callable[[FusionSettings, Context], str]
    differs: Callable[[FusionSettings], tuple[str, ...]]
    exact: Callable[[FusionSettings], bool]
    tie_rule: str
    pool: Pool = "lists"
    modes: tuple[bool, bool, bool] = field(default=(True, True, True))

    def __call__(self, scores: Floats, settings: FusionSettings, depth: Depth = None) -> Fused:
        """Rank raw scores (n, 3) as this engine would, each list cut at `depth`."""
        asked = [w > 0 and has for w, has in zip(settings.weights, self.modes, strict=True)]
        if not any(asked):
            raise SettingsError(
                f"{self.title} has no list for what these weights ask of. Raise another weight."
            )
        lists = cut(scores, asked, depth, self.pool)
        return finish(lists, self.fuse(lists, settings), self.ties)


def finish(lists: Lists, total: Floats, ties: Callable[[Lists, Floats], Integers]) -> Fused:
    """Order the candidates that were found, and mark the others."""
    total = total.copy()
    total[~lists.any_found] = float("-inf")
    order = ties(lists, total)
    return Fused(order[lists.any_found[order]], total, lists.found)


def kind(settings: FusionSettings) -> Kind:
    """Ranks, or the normalisation."""
    normalise: Normalisation = settings.normalise
    return "rrf" if settings.method == "rrf" else normalise


def whole_k(settings: FusionSettings, low: int = 1, high: int = 10_000) -> int:
    """RRF's k as a whole number within an engine's range."""
    return int(min(max(round(settings.rrf_k), low), high))


def same_weights(settings: FusionSettings) -> bool:
    """Whether all weights above 0 are equal, so that an engine without weights says the same."""
    return len({w for w in settings.weights if w > 0}) == 1


def pretty(value: Any) -> str:
    """JSON as people read it."""
    return json.dumps(value, ensure_ascii=False, indent=2)
