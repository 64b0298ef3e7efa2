"""A figure for paper: nDCG@10 of each mode with its 95 % interval, as SVG and PNG.

Drawn without a browser. The same evaluation gives the same bytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eval.evaluation import Evaluation
from eval.measures import HEADLINE
from eval.palette import COLOURS
from eval.protocols import TITLES
from eval.significance import interval

FILES = ("ndcg.svg", "ndcg.png")
STYLE: Any = {"svg.hashsalt": "studio", "svg.fonttype": "none", "font.size": 9}


def write(evaluation: Evaluation, folder: Path) -> None:
    """FILES, in a folder that is there."""
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        figure = drawn(evaluation)
        figure.savefig(folder / FILES[0], metadata={"Date": None, "Creator": None})
        figure.savefig(folder / FILES[1], dpi=200, metadata={"Software": None})


def drawn(evaluation: Evaluation) -> Any:
    """A matplotlib figure: a bar and an interval for each mode that has a number; what made it is
    said below."""
    from matplotlib.figure import Figure

    languages = [query.language for query in evaluation.scored.collection.queries]
    ids = [query.id for query in evaluation.scored.collection.queries]
    wide = evaluation.table.pivot(index="query", columns="mode", values=HEADLINE).loc[ids]
    modes = [mode for mode, numbers in evaluation.modes.items() if HEADLINE in numbers]
    figure = Figure(figsize=(5.2, 0.6 + 0.34 * len(modes)), layout="constrained")
    axes = figure.add_subplot()
    for place, mode in enumerate(modes):
        found = interval(wide[mode].to_numpy(), languages)
        axes.barh(place, found.mean, color=COLOURS[mode], height=0.66)
        if found.low is not None and found.high is not None:
            axes.plot([found.low, found.high], [place, place], color="#222222", linewidth=1.2)
        axes.annotate(f"{found.mean:.3f}", (0.005, place), va="center", color="white", fontsize=8)
    axes.set_yticks(range(len(modes)), [TITLES[mode] for mode in modes])
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.spines[["top", "right"]].set_visible(False)
    scored = evaluation.scored
    axes.set_xlabel(
        f"{HEADLINE}, 95 % intervals · {scored.collection.name}, {len(ids):,} queries\n"
        f"{scored.encoder.title} · protocol {evaluation.protocol}",
        fontsize=8,
    )
    return figure
