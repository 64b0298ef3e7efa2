"""Ids across everything that was read: the user's own must differ, the others are made to differ.

Knows no files, only the names that their entries came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from studio.errors import ReadingError
from studio.reading.content import Entry
from studio.records import Document

Found = tuple[str, Entry]
"""The name of a file and one of its entries."""


def documents(found: Sequence[Found]) -> tuple[Document, ...]:
    """The entries as documents, each with an id of its own."""
    taken = _own_ids(found)
    tried: dict[str, int] = {}
    return tuple(
        Document(
            id=entry.id if entry.given else _free(entry.id, taken, tried),
            text=entry.text,
            title=entry.title,
            language=entry.language,
            source=name,
        )
        for name, entry in found
    )


def _own_ids(found: Iterable[Found]) -> set[str]:
    places: dict[str, str] = {}
    for name, entry in found:
        place = f"{name}, {entry.place}"
        if entry.given and entry.id in places:
            raise ReadingError(
                f"The id '{entry.id}' is used twice: {places[entry.id]}, and {place}. "
                "Give each document an id of its own, or remove one of the two."
            )
        if entry.given:
            places[entry.id] = place
    return set(places)


def _free(wanted: str, taken: set[str], tried: dict[str, int]) -> str:
    """The wanted id, or the first of wanted-2, wanted-3 ... that is free; it is then taken."""
    free, number = wanted, tried.get(wanted, 1)
    while free in taken:
        number += 1
        free = f"{wanted}-{number}"
    tried[wanted] = number
    taken.add(free)
    return free
