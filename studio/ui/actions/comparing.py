"""Intervals, pairs and power of an evaluation, and published numbers beside it."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from eval import gaps
from eval.comparability import Beside, beside
from eval.comparison import compared
from eval.measures import HEADLINE
from eval.power import sentence, typical
from eval.protocols import TITLES
from studio.ui import tables
from studio.ui.session import Measured


def compare(measured: Measured) -> Measured:
    """The same with its modes compared, query by query; those without numbers are left out."""
    evaluation = measured.evaluation
    if evaluation is None:
        return measured
    wide = evaluation.table.pivot(index="query", columns="mode", values=HEADLINE)
    queries = evaluation.scored.collection.queries
    wide = wide.loc[[query.id for query in queries]]
    kept = [mode for mode in evaluation.modes if mode in wide and wide[mode].notna().all()]
    values = {TITLES[mode]: wide[mode].to_numpy() for mode in kept}
    languages = [query.language for query in queries]
    return replace(measured, comparison=compared(HEADLINE, values, languages))


def power(measured: Measured) -> str:
    """The label-power line: measured once there is an evaluation, else as is usual elsewhere."""
    if measured.comparison is not None and measured.comparison.power is not None:
        return sentence(measured.comparison.power)
    return ""


def lacking(measured: Measured) -> str:
    """What missing judgements and texts that were cut did to the numbers."""
    return gaps.sentence(measured.evaluation) if measured.evaluation is not None else ""


def expected(queries: int) -> str:
    """What so many queries usually show, before anything is measured."""
    return sentence(typical(queries))


def published(measured: Measured) -> tuple[pd.DataFrame, str]:
    """Published numbers beside ours, and in words what keeps them from being compared."""
    if measured.evaluation is None:
        return tables.published(()), "Run an evaluation to see it here."
    rows = beside(measured.evaluation)
    return tables.published(rows), in_words(rows)


def in_words(rows: list[Beside]) -> str:
    """What differs everywhere once, then what differs in single rows."""
    if not rows:
        return "No published number stands beside this collection."
    common = [d for d in rows[0].differences if all(d in row.differences for row in rows)]
    said = [f"**Not comparable:** {'; '.join(common)}."] if common else []
    alike: dict[tuple[str, ...], list[Beside]] = {}
    for row in rows:
        if own := tuple(d for d in row.differences if d not in common):
            alike.setdefault(own, []).append(row)
    for own, those in alike.items():
        names = ", ".join(dict.fromkeys(TITLES[row.mode] for row in those))
        said.append(f"{names}: {'; '.join(own)}.")
    fine = [TITLES[row.mode] for row in rows if row.comparable]
    if fine:
        said.append(f"**Comparable:** {', '.join(dict.fromkeys(fine))}.")
    said.append(f"Sources: {', '.join(dict.fromkeys(row.source for row in rows))}.")
    return " ".join(said)
