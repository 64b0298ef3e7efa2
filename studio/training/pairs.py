"""Pairs of a query and its passage, and which of them are held out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LONGEST = 1_200  # characters of a passage; the encoder would cut it soon after
SHORTEST_PASSAGE, SHORTEST_QUERY = 80, 8
BLANKS = re.compile(r"\s+")


@dataclass(frozen=True)
class Pair:
    """A query and the passage that answers it. Pairs of one group are never parted, in any source.

    `source` and `language` name the collection that the passage is searched in.
    """

    source: str
    language: str
    group: str
    query: str
    passage: str


def plain(text: str) -> str:
    """One line, single blanks."""
    return BLANKS.sub(" ", text).strip()


def usable(pair: Pair) -> bool:
    """Whether there is enough on both sides, and the query is no copy of the passage."""
    return (
        len(pair.query) >= SHORTEST_QUERY
        and SHORTEST_PASSAGE <= len(pair.passage) <= LONGEST
        and pair.query.casefold() not in pair.passage.casefold()
    )


def distinct(pairs: Iterable[Pair]) -> list[Pair]:
    """Each query of a language once, and each beginning of a passage for one group alone.

    Several queries of one group may ask for the same passage, as a page's title and summary do.
    """
    asked: set[tuple[str, str]] = set()
    owners: dict[tuple[str, str], tuple[str, str, str]] = {}
    kept = []
    for pair in pairs:
        query = (pair.language, pair.query.casefold())
        own = (pair.source, pair.group, pair.passage)
        owner = owners.setdefault((pair.language, pair.passage[:80]), own)
        if query not in asked and owner == own:
            kept.append(pair)
        asked.add(query)
    return kept


def is_held_out(group: str, share: float) -> bool:
    """Whether a group is among the share that is held out: by a digest, the same everywhere."""
    digest = hashlib.sha256(group.encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


def sample(pairs: Sequence[Pair], most: int) -> list[Pair]:
    """At most so many, by digest of the query: the same ones whatever the order."""
    order = sorted(pairs, key=lambda pair: hashlib.sha256(pair.query.encode()).digest())
    return order[:most]
