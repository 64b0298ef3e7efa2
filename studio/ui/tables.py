"""Frames for the page and for download. Pure: numbers in, frames out."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from eval.dimensions import CONCERNED, Point
from eval.evaluation import Evaluation
from eval.measures import HEADLINE, MEASURES
from eval.protocols import RUN_TITLES
from eval.published import differences, miracl

Numbers = dict[str, dict[str, float]]


def modes(numbers: Numbers) -> pd.DataFrame:
    """A row per mode, a column per measure."""
    rows = [
        {"mode": RUN_TITLES[mode], **{m: number(values.get(m)) for m in MEASURES}}
        for mode, values in numbers.items()
    ]
    return pd.DataFrame(rows, columns=["mode", *MEASURES])


def groups(numbers: dict[str, Numbers]) -> pd.DataFrame:
    """A row per language or kind, a column per mode, nDCG@10."""
    rows = [
        {"": group, **{t: number(by[m].get(HEADLINE)) for m, t in RUN_TITLES.items() if m in by}}
        for group, by in numbers.items()
    ]
    return pd.DataFrame(rows, columns=["", *RUN_TITLES.values()])


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


def published(evaluation: Evaluation) -> pd.DataFrame:
    """Our mean beside the paper's on MIRACL, mode by mode."""
    theirs = miracl().values
    rows = [
        {
            "mode": RUN_TITLES[mode],
            f"here ({evaluation.scored.collection.name})": number(values.get(HEADLINE)),
            "BGE-M3 on MIRACL (paper)": number(theirs.get(mode, {}).get("avg")),
            "": "not comparable" if differences(evaluation) else "",
        }
        for mode, values in evaluation.modes.items()
    ]
    return pd.DataFrame(rows)


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
    for name in ("language", "kind"):
        parts |= {(name, value): by for value, by in evaluation.group(name).items()}
    rows = [
        {"group": group, "value": value, "mode": mode, **numbers, **made}
        for (group, value), by in parts.items()
        for mode, numbers in by.items()
    ]
    return pd.DataFrame(rows, columns=["group", "value", "mode", *MEASURES, *made])


def number(value: float | None) -> str:
    """Four digits, and a dash for what is missing: never 0."""
    return "–" if value is None or value != value else f"{value:.4f}"
