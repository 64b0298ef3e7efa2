"""What a check found: what agrees, and what differs and by how much."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from studio.errors import ReadingError

T = TypeVar("T")
NAMED = 3  # of many values that differ, so many are named


@dataclass(frozen=True)
class Difference:
    """What is not as the report says; `by` how much at most, where that is a number."""

    what: str
    by: float | None = None


@dataclass
class Verdict:
    """What was checked, and what differed."""

    checked: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)

    def differs(self, what: str, by: float | None = None) -> None:
        """Note a difference, once."""
        if (one := Difference(what, by)) not in self.differences:
            self.differences.append(one)

    def compare(self, what: str, by: float, most: float) -> None:
        """Note a largest difference, and whether it is too large; NaN is."""
        if by <= most:
            self.checked.append(f"{what}: largest difference {by:.1e}")
        else:
            self.differs(what, by if math.isfinite(by) else None)

    def same(self, what: str, told: Any, found: Any, most: float = 0.0) -> None:
        """Two objects of JSON, leaf by leaf: numbers may differ by `most`, all else by nothing."""
        ours, theirs = leaves(told), leaves(found)
        gaps = {path: _gap(ours[path], theirs[path]) for path in ours.keys() & theirs.keys()}
        odd = [path for path in {**ours, **theirs} if gaps.get(path) is None]
        by = max((gap for gap in gaps.values() if gap is not None), default=0.0)
        if odd:
            self.differs(f"{what}: {_names(odd)} otherwise")
        if by > most:
            worst = next(path for path in ours if gaps.get(path) == by)
            self.differs(f"{what}: {_names([worst])}" if worst else what, by)
        elif not odd:
            size = f"largest difference {by:.1e}" if most else "the same"
            self.checked.append(f"{what}: {size}")

    def read(self, reading: Callable[[], T]) -> T | None:
        """What `reading` gives; None, and a difference in its words, where it cannot be read."""
        try:
            return reading()
        except ReadingError as error:
            self.differs(str(error))
            return None

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "agrees": not self.differences,
            "checked": self.checked,
            "differences": [asdict(one) for one in self.differences],
        }

    def as_text(self) -> str:
        """For a terminal."""
        lines = [f"agrees   {line}" for line in self.checked]
        for one in self.differences:
            lines.append(f"DIFFERS  {one.what}" + ("" if one.by is None else f": by {one.by:.3g}"))
        count = len(self.differences)
        said = "Everything agrees." if not count else f"{count} of these differ from the report."
        return "\n".join([*lines, said])


def leaves(value: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Every value below an object, under the keys that lead to it. A list is one value."""
    if not isinstance(value, Mapping):
        return {path: value}
    below = [leaves(part, (*path, str(key))) for key, part in value.items()]
    return {at: leaf for part in below for at, leaf in part.items()}


def _gap(told: Any, found: Any) -> float | None:
    """How far apart; None where that is no number and the two are not the same."""
    if told == found:
        return 0.0
    if _number(told) and _number(found):
        gap = abs(float(told) - float(found))
        return gap if math.isfinite(gap) else None
    return None


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _names(paths: list[tuple[str, ...]]) -> str:
    named = ", ".join(" / ".join(path) or "all" for path in paths[:NAMED])
    more = len(paths) - NAMED
    return named + (f" and {more} more" if more > 0 else "")
