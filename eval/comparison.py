"""Several rankings of the same queries beside each other: means, pairs, marks, label power."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from eval.letters import letters
from eval.power import Power, power, sentence, spread
from eval.resampling import RESAMPLES, SEED
from eval.significance import Interval, Pair, compare_values, interval
from studio.records import Floats


@dataclass(frozen=True)
class Standing:
    """One ranking: its mean, and the mark it shares with those that it is not told apart from."""

    name: str
    interval: Interval
    mark: str

    def as_json(self) -> dict[str, Any]:
        """The interval as a list, None for a single query."""
        ends = [self.interval.low, self.interval.high]
        return {
            "name": self.name,
            "mean": self.interval.mean,
            "interval": None if None in ends else ends,
            "mark": self.mark,
        }


@dataclass(frozen=True)
class Comparison:
    """Every pair of several rankings by one measure. `left_out` have no numbers."""

    measure: str
    queries: int
    languages: int
    standings: tuple[Standing, ...]
    pairs: tuple[Pair, ...]
    power: Power | None
    left_out: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """What `eval compare --json` prints, but for what it says of the runs."""
        return {
            "measure": self.measure,
            "pairs": [pair.as_json() for pair in self.pairs],
            "rankings": [standing.as_json() for standing in self.standings],
            "queries": self.queries,
            "languages": self.languages,
            "left_out": list(self.left_out),
            "power": None
            if self.power is None
            else self.power.as_json() | {"sentence": sentence(self.power)},
            "resamples": RESAMPLES,
            "seed": SEED,
        }


def compared(
    measure: str,
    values: Mapping[str, Floats],
    groups: Sequence[str] | None = None,
    left_out: Sequence[str] = (),
) -> Comparison:
    """All pairs of the rankings: name → value per query, aligned; `groups` are languages.

    All and not some, as marks need each pair and Holm's correction goes over everything shown.
    """
    pairs = compare_values(values, list(combinations(values, 2)), groups)
    intervals = {name: interval(numbers, groups) for name, numbers in values.items()}
    best_first = sorted(values, key=lambda name: -intervals[name].mean)
    marks = letters(best_first, [(pair.a, pair.b) for pair in pairs if pair.separated])
    queries = len(next(iter(values.values()), ()))
    return Comparison(
        measure=measure,
        queries=queries,
        languages=len(set(groups)) if groups else 1,
        standings=tuple(Standing(name, intervals[name], marks[name]) for name in values),
        pairs=tuple(pairs),
        power=_power(measure, values, groups),
        left_out=tuple(left_out),
    )


def _power(
    measure: str, values: Mapping[str, Floats], groups: Sequence[str] | None
) -> Power | None:
    """By the median spread over the pairs; None where there is no spread to speak of."""
    spreads = [spread(a - b, groups) for a, b in combinations(values.values(), 2)]
    known = [found for found in spreads if found is not None]
    if not known:
        return None
    return power(len(next(iter(values.values()))), float(np.median(known)), measure)


def as_text(comparison: Comparison) -> str:
    """The page for a terminal."""
    c = comparison
    mean = f"mean over {c.languages} languages of their means" if c.languages > 1 else "mean"
    many = f"{c.queries:,} {'query' if c.queries == 1 else 'queries'}"
    lines = [f"{c.measure} · {many} · {mean}", "", *_table(*_standings(c)), ""]
    lines += [*_table(*_pairs(c)), "", *_notes(c)]
    return "\n".join(lines)


def _standings(c: Comparison) -> tuple[list[str], list[list[str]]]:
    head = ["", "mean", "95 % interval", "mark"]
    return head, [
        [s.name, f"{s.interval.mean:.4f}", _ends((s.interval.low, s.interval.high)), s.mark]
        for s in c.standings
    ]


def _pairs(c: Comparison) -> tuple[list[str], list[list[str]]]:
    head = [
        "a − b", "difference", "95 % interval", "p (t)", "p (randomisation)", "p (Holm)",
        "wins/ties/losses", "d_z",
    ]  # fmt: skip
    return head, [
        [
            f"{p.a} − {p.b}",
            f"{p.difference:+.4f}",
            _ends(p.interval, "+"),
            *(_p(value) for value in (p.p_t, p.p_randomisation, p.p_holm)),
            f"{p.wins}/{p.ties}/{p.losses}",
            "–" if p.effect_size is None else f"{p.effect_size:+.2f}",
        ]
        for p in c.pairs
    ]


def _notes(c: Comparison) -> list[str]:
    count = f"{len(c.pairs)} pairs" if len(c.pairs) > 1 else "1 pair"
    notes = [
        "Rankings that share a letter are not told apart at 5 % (randomisation test, Holm over "
        f"{count}).",
        f"Intervals: bootstrap over queries{' within languages' if c.languages > 1 else ''}, "
        f"{RESAMPLES:,} resamples, percentiles.",
    ]
    if c.power is not None:
        notes.append(sentence(c.power))
    return [*notes, *(f"{name} has no numbers (weight 0) and is left out." for name in c.left_out)]


def _ends(ends: tuple[float | None, float | None] | None, sign: str = "") -> str:
    low, high = ends or (None, None)
    return "–" if low is None or high is None else f"{low:{sign}.4f} … {high:{sign}.4f}"


def _p(value: float | None) -> str:
    """Four digits; the smallest that 9,999 resamples give is .0001."""
    return "–" if value is None else "< .0001" if value < 1e-4 else f"{value:.4f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in (head, *rows)
    ]
