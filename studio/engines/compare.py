"""How the first results would differ in an engine: shared, moved, left out."""

from __future__ import annotations

from dataclasses import dataclass

from studio import fusion
from studio.engines.engine import Engine
from studio.engines.lists import Depth
from studio.records import Candidates, FusionSettings, Integers


@dataclass(frozen=True)
class Moved:
    """A candidate (its index) whose place is not the same; a place is from 1, 0 if not returned."""

    candidate: int
    here: int
    there: int


@dataclass(frozen=True)
class Difference:
    """Two rankings of one pool, looked at down to `top`.

    shared: how many stand in both tops. moved: who of either top has another place, best here
    first. left_out: candidates of the pool that no list of the engine brings.
    """

    engine: str
    top: int
    shared: int
    moved: tuple[Moved, ...]
    left_out: int

    @property
    def same(self) -> bool:
        """Whether the first results are the same in the same order."""
        return not self.moved

    @property
    def overlap(self) -> float:
        """Share of the top that stands in both."""
        return self.shared / self.top


def difference(
    candidates: Candidates,
    settings: FusionSettings,
    engine: Engine,
    depth: Depth = None,
    top: int = 10,
) -> Difference:
    """Rank here and there and compare the first `top` (fewer, if the pool is smaller)."""
    here = fusion.rank(candidates, settings).order
    there = engine(candidates.scores, settings, depth).order
    top = max(1, min(top, len(here)))
    places = _places(here), _places(there)
    first = dict.fromkeys([*here[:top].tolist(), *there[:top].tolist()])
    moved = [Moved(at, places[0].get(at, 0), places[1].get(at, 0)) for at in first]
    return Difference(
        engine.key,
        top,
        len(set(here[:top].tolist()) & set(there[:top].tolist())),
        tuple(one for one in moved if one.here != one.there),
        len(here) - len(there),
    )


def _places(order: Integers) -> dict[int, int]:
    return {candidate: place for place, candidate in enumerate(order.tolist(), start=1)}
