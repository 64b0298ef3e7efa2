"""Frames for the page and for download. Pure: numbers in, frames out."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from eval import grouping
from eval.comparability import Beside
from eval.comparison import Comparison, Standing
from eval.dimensions import CONCERNED, Point
from eval.evaluation import Evaluation
from eval.grouping import GROUPINGS
from eval.measures import HEADLINE, MEASURES
from eval.protocols import RUN_TITLES, TITLES

INTERVAL, MARK = "its 95 %", "letter"
AVERAGE = "average"
PAIRS = (
    "pair", "difference", "95 %", "p, t", "p, randomisation", "p, Holm", "wins / ties / losses",
    "effect size",
)  # fmt: skip
PUBLISHED = ("mode", "of", "here", "published", "", "source")
Numbers = dict[str, dict[str, float]]


def modes(
    numbers: Numbers, comparison: Comparison | None = None, moved: Sequence[str] = ()
) -> pd.DataFrame:
    """A row per mode, a column per measure; beside nDCG@10 its interval, and the letter of those
    that the labels cannot tell apart; neither for modes that `moved` since they were compared."""
    standings = {one.name: one for one in comparison.standings} if comparison else {}
    for mode in moved:
        standings.pop(TITLES[mode], None)
    rows = [
        {
            "mode": TITLES[mode],
            **{m: number(values.get(m)) for m in MEASURES},
            INTERVAL: _ends(standings.get(TITLES[mode])),
            MARK: standings[TITLES[mode]].mark if TITLES[mode] in standings else "",
        }
        for mode, values in numbers.items()
    ]
    others = [name for name in MEASURES if name != HEADLINE]
    return pd.DataFrame(rows, columns=["mode", HEADLINE, INTERVAL, MARK, *others])


def pairs(comparison: Comparison | None) -> pd.DataFrame:
    """Every pair of modes by nDCG@10: what the labels say of their difference."""
    rows = [
        {
            "pair": f"{p.a} − {p.b}",
            "difference": signed(p.difference),
            "95 %": f"{signed(p.interval[0])} to {signed(p.interval[1])}" if p.interval else "–",
            "p, t": _p(p.p_t),
            "p, randomisation": _p(p.p_randomisation),
            "p, Holm": _p(p.p_holm),
            "wins / ties / losses": f"{p.wins} / {p.ties} / {p.losses}",
            "effect size": "–" if p.effect_size is None else f"{p.effect_size:+.2f}",
        }
        for p in (comparison.pairs if comparison else ())
    ]
    return pd.DataFrame(rows, columns=list(PAIRS))


def groups(numbers: dict[str, Numbers], average: Numbers | None = None) -> pd.DataFrame:
    """A row per language or kind, a column per mode, nDCG@10; the average first, if there is one.

    Languages stand in MIRACL's order, as its papers print them.
    """
    order = grouping.in_order(list(numbers)) if average else list(numbers)
    parts = ({AVERAGE: average} if average else {}) | {name: numbers[name] for name in order}
    titles = {m: t for m, t in TITLES.items() if any(m in by for by in numbers.values())}
    rows = [
        {"": name, **{t: number(by.get(m, {}).get(HEADLINE)) for m, t in titles.items()}}
        for name, by in parts.items()
    ]
    return pd.DataFrame(rows, columns=["", *titles.values()])


def queries(evaluation: Evaluation) -> pd.DataFrame:
    """A row per query, a column per mode, nDCG@10."""
    wide = evaluation.table.pivot(index="query", columns="mode", values=HEADLINE)
    rows = [
        {
            "id": query.id,
            "query": query.text,
            "kind": query.kind,
            **{t: number(float(wide.loc[query.id, m])) for m, t in RUN_TITLES.items()},
        }
        for query in evaluation.scored.collection.queries
    ]
    return pd.DataFrame(rows, columns=["id", "query", "kind", *RUN_TITLES.values()])


def published(rows: Sequence[Beside]) -> pd.DataFrame:
    """Published nDCG@10 beside ours, and whether the two may be compared."""
    shown = [
        {
            "mode": TITLES[row.mode],
            "of": row.language,
            "here": number(row.ours),
            "published": number(row.theirs),
            "": "comparable" if row.comparable else "not comparable",
            "source": row.source,
        }
        for row in rows
    ]
    return pd.DataFrame(shown, columns=list(PUBLISHED))


def dimensions(points: Sequence[Point] = ()) -> pd.DataFrame:
    """A row per dimension, the whole vectors first: nDCG@10 by mode, and bytes a passage."""
    rows = [
        {
            "dimension": point.dimension,
            **{RUN_TITLES[mode]: number(point.ndcg[mode]) for mode in CONCERNED},
            "bytes a passage": f"{point.bytes:,.0f}",
        }
        for point in points
    ]
    titles = [RUN_TITLES[mode] for mode in CONCERNED]
    return pd.DataFrame(rows, columns=["dimension", *titles, "bytes a passage"])


def download(evaluation: Evaluation) -> pd.DataFrame:
    """Every number of the page in long form, with what made it in each line."""
    scored = evaluation.scored
    made = {
        "collection": scored.collection.name,
        "encoder": scored.encoder.title,
        "revision": scored.encoder.revision,
        "protocol": evaluation.protocol,
        "weights": "/".join(f"{w:g}" for w in evaluation.settings.weights),
        "normalise": evaluation.settings.normalise,
        "method": evaluation.settings.method,
    }
    parts = {("all", ""): evaluation.modes}
    for name in GROUPINGS:
        parts |= {(name, value): by for value, by in evaluation.group(name).items()}
    rows = [
        {"group": group, "value": value, "mode": mode, **numbers, **made}
        for (group, value), by in parts.items()
        for mode, numbers in by.items()
    ]
    return pd.DataFrame(rows, columns=["group", "value", "mode", *MEASURES, *made])


def _ends(standing: Standing | None) -> str:
    if standing is None or standing.interval.low is None or standing.interval.high is None:
        return ""
    return f"{standing.interval.low:.3f} to {standing.interval.high:.3f}"


def _p(value: float | None) -> str:
    if value is None:
        return "–"
    return "< .0001" if value < 1e-4 else f"{value:.4f}".removeprefix("0")


def signed(value: float) -> str:
    """With its sign, a real minus."""
    return f"{value:+.4f}".replace("-", "−")


def number(value: float | None) -> str:
    """Four digits, and a dash for what is missing: never 0."""
    return "–" if value is None or value != value else f"{value:.4f}"
