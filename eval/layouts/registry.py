"""Test collections of the Hugging Face Hub that have a name: where each is, and how large.

assets/collections.csv has a row for each: repository and pinned revision, layout, subset, split,
languages, licence, passages, queries, and the mean characters of a passage. Revisions of MTEB's
sets, their numbers and licences are mteb 2.26.24's (task metadata, descriptive statistics).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from eval.layouts.parts import Line

TABLE = Path(__file__).resolve().parents[2] / "assets" / "collections.csv"


@dataclass(frozen=True)
class Entry:
    """One collection as published. `licence` is '' where the publisher names none."""

    name: str
    layout: str
    """Which reader: hub_LAYOUT.py."""
    repository: str
    revision: str
    subset: str
    split: str
    languages: tuple[str, ...]
    licence: str
    passages: int
    queries: int
    characters: int
    """Of a passage, on average."""

    @property
    def language(self) -> str:
        """The language of all texts; '' where there are two."""
        return self.languages[0] if len(self.languages) == 1 else ""

    def labelled(self, line: Line) -> Line:
        """The line with the collection's language, unless it names one."""
        return line if line.get("language") else line | {"language": self.language}


@cache
def entries() -> Mapping[str, Entry]:
    """All of them by name, in the order of the table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["name"]: _entry(row) for row in csv.DictReader(file)}


def _entry(row: dict[str, str]) -> Entry:
    return Entry(
        name=row["name"],
        layout=row["layout"],
        repository=row["repository"],
        revision=row["revision"],
        subset=row["subset"],
        split=row["split"],
        languages=tuple(row["languages"].split()),
        licence=row["licence"],
        passages=int(row["passages"]),
        queries=int(row["queries"]),
        characters=int(row["characters"]),
    )
