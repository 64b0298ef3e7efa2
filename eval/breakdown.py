"""The numbers of parts of the queries, by language, kind and length, as a table and as text."""

from __future__ import annotations

import pandas as pd

from eval.evaluation import Evaluation
from eval.grouping import GROUPINGS
from eval.measures import HEADLINE, MEASURES
from eval.protocols import TITLES

FILE = "groups.csv"
COLUMNS = ("group", "value", "queries", "mode", *MEASURES)
WIDE = 15  # characters of a column: 'Dense + Sparse' and a blank
NAME = 34  # and of the first: 'medium (1,234 to 12,345 tokens)'


def table(evaluation: Evaluation) -> pd.DataFrame:
    """A row per part and mode: how many queries, and the mean of each measure over them.

    Blank, which is no number, where a mode has none.
    """
    rows = [
        {"group": by, "value": value, "queries": len(names), "mode": mode, **numbers}
        for by in GROUPINGS
        for (value, names), modes in zip(
            evaluation.parts(by).items(), evaluation.group(by).values(), strict=True
        )
        for mode, numbers in modes.items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def as_text(evaluation: Evaluation) -> list[str]:
    """nDCG@10 of each part under each mode; nothing of a grouping that has one part alone.

    Of several languages the average stands first: of each language's mean.
    """
    modes = list(evaluation.modes)
    heads = "".join(f"{TITLES[mode]:>{WIDE}}" for mode in modes)
    lines = []
    for by in GROUPINGS:
        numbers, parts = evaluation.group(by), evaluation.parts(by)
        if len(parts) < 2:
            continue
        named = {f"{value} · {len(parts[value]):,}": numbers[value] for value in parts}
        if by == "language":
            named = {"average": evaluation.modes} | named
        lines += ["", f"{f'{HEADLINE} by {by} · queries':{NAME}}{heads}"]
        lines += [
            f"{name:{NAME}}" + "".join(_cell(of.get(mode, {}).get(HEADLINE)) for mode in modes)
            for name, of in named.items()
        ]
    return lines


def _cell(value: float | None) -> str:
    return f"{'–' if value is None else f'{value:.4f}':>{WIDE}}"
