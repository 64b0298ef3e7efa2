"""Parts of a collection's queries: by language, by kind, by length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eval.collection import Query
from studio.records import Integers

GROUPINGS = ("language", "kind", "length")
LENGTHS = ("short", "medium", "long")
# The column order of MIRACL's tables: 16 known languages, then the two surprise languages.
MIRACL_ORDER = tuple("ar bn en es fa fi fr hi id ja ko ru sw te th zh de yo".split())  # noqa: SIM905


def parts(queries: Sequence[Query], tokens: Integers, by: str) -> dict[str, list[str]]:
    """Value → ids of its queries. `tokens` are each query's.

    Languages in MIRACL's order, kinds by name, lengths from short to long. Empty where
    the collection does not tell its queries apart.
    """
    values = thirds(tokens) if by == "length" else [getattr(query, by) for query in queries]
    found: dict[str, list[str]] = {}
    for query, value in zip(queries, values, strict=True):
        if value:
            found.setdefault(value, []).append(query.id)
    order = in_order(list(found)) if by == "language" else sorted(found, key=_place)
    return {value: found[value] for value in order}


def in_order(languages: Sequence[str]) -> list[str]:
    """MIRACL's columns first, in its order, then the others by name."""
    places = {language: place for place, language in enumerate(MIRACL_ORDER)}
    return sorted(languages, key=lambda name: (places.get(name, len(places)), name))


def thirds(tokens: Integers) -> list[str]:
    """Each text's third by its tokens, named with its ends; '' where they are alike."""
    edges = np.quantile(tokens, (1 / 3, 2 / 3), method="lower")
    third = np.searchsorted(edges, tokens, side="left")
    there = np.unique(third)
    if len(there) < 2:
        return [""] * len(tokens)
    ends = {n: (tokens[third == n].min(), tokens[third == n].max()) for n in there}
    return [f"{LENGTHS[n]} ({ends[n][0]} to {ends[n][1]} tokens)" for n in third]


def _place(value: str) -> tuple[int, str]:
    word = value.partition(" ")[0]
    return (LENGTHS.index(word) if word in LENGTHS else 0, value)
