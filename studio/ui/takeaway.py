"""A setting to take away, as plain values for the page: every text, and what would differ there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from studio.engines import ENGINES, Context, Difference, Export, differences, exports
from studio.records import Candidates, FusionSettings

TOP = 10
MOVES = 4  # passages named in a sentence


def texts(
    settings: FusionSettings,
    context: Context,
    candidates: Candidates | None = None,
    ids: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Each export of a setting; with the last search's candidates, how each engine ranks them.

    `ids` are the candidates' passage ids.
    """
    return [
        _value(one) | {"here": _here(one, settings, candidates, ids, context) if candidates else ""}
        for one in exports(settings, context)
    ]


def told(found: Difference, ids: Sequence[str]) -> str:
    """A comparison in words."""
    if found.same:
        return f"The last search's first {found.top} would stand there in the same order."
    moves = [f"{ids[m.candidate]} {_place(m.here)} → {_place(m.there)}" for m in found.moved]
    more = f" and {len(moves) - MOVES} more" if len(moves) > MOVES else ""
    return (
        f"Of the last search's first {found.top}, {found.shared} would be there too. "
        f"Places here → there: {', '.join(moves[:MOVES])}{more}."
    )


def _here(
    one: Export,
    settings: FusionSettings,
    candidates: Candidates,
    ids: Sequence[str],
    context: Context,
) -> str:
    if one.engine not in ENGINES or not len(candidates.rows):
        return ""
    return told(differences(candidates, settings, one.engine, context.depth, TOP), ids)


def _value(one: Export) -> dict[str, Any]:
    return {
        "key": one.engine,
        "title": one.title,
        "language": one.language,
        "text": one.text,
        "exact": one.exact,
        "differences": list(one.differences),
        "source": one.source,
    }


def _place(place: int) -> str:
    return str(place) if place else "–"
