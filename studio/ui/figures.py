"""Figures: numbers in, plotly figures out. One colour per mode, as in assets/style.css."""

from __future__ import annotations

import math
from typing import Any

import plotly.graph_objects as go

from eval.comparison import Comparison
from eval.dimensions import CONCERNED, Curve
from eval.evaluation import Evaluation
from eval.grouping import in_order
from eval.measures import HEADLINE
from eval.palette import COLOURS, SYMBOLS
from eval.protocols import RUN_TITLES, TITLES

GRID, INK = "rgba(128,128,128,.22)", "#8a8f98"  # legible on a light and on a dark page


def by_group(
    evaluation: Evaluation, grouping: str, comparison: Comparison | None = None
) -> go.Figure:
    """nDCG@10 of every mode: over everything, or for each language or kind of query."""
    if grouping == "all":
        return overall(evaluation, comparison)
    numbers = evaluation.group(grouping)
    order = in_order(list(numbers)) if grouping == "language" else list(numbers)
    figure = go.Figure()
    for mode in evaluation.modes:
        title = TITLES[mode]
        figure.add_scatter(
            x=[numbers[name].get(mode, {}).get(HEADLINE) for name in order],
            y=order,
            name=title,
            mode="markers",
            marker={"color": COLOURS[mode], "symbol": SYMBOLS[mode], "size": 10},
            hovertemplate="%{y}: %{x:.4f}<extra>" + title + "</extra>",
        )
    height = 110 + 26 * max(4, len(numbers))
    return _styled(figure, height, {"autorange": "reversed", "type": "category"})


def overall(evaluation: Evaluation, comparison: Comparison | None = None) -> go.Figure:
    """One bar per mode, with the 95 % interval of its mean once that is known."""
    modes = evaluation.modes
    values = [numbers.get(HEADLINE) for numbers in modes.values()]
    titles = [TITLES[mode] for mode in modes]
    figure = go.Figure(
        go.Bar(
            x=values,
            y=titles,
            orientation="h",
            marker={"color": [COLOURS[mode] for mode in modes]},
            error_x=_error_bars(titles, comparison),
            text=["–" if value is None else f"{value:.3f}" for value in values],
            textposition="inside",
            insidetextanchor="start",
            textfont={"color": "#ffffff"},
            hovertemplate="%{y}: %{x:.4f}<extra></extra>",
        )
    )
    return _styled(figure, 300, {"autorange": "reversed", "type": "category"})


def _error_bars(titles: list[str], comparison: Comparison | None) -> dict[str, Any] | None:
    """The ends of each interval as lengths from the mean; none for a single query."""
    found = {one.name: one.interval for one in comparison.standings} if comparison else {}
    known = [found.get(title) for title in titles]
    if not any(one is not None and one.low is not None for one in known):
        return None
    high = [one.high - one.mean if one and one.high is not None else 0 for one in known]
    low = [one.mean - one.low if one and one.low is not None else 0 for one in known]
    return {
        "type": "data", "symmetric": False, "array": high, "arrayminus": low, "color": INK,
        "thickness": 1.5, "width": 4,
    }  # fmt: skip


def by_dimension(curve: Curve) -> go.Figure:
    """nDCG@10 of each mode that a cut concerns, by the numbers that were kept."""
    figure, points = go.Figure(), curve.points[::-1]
    kept = [point.dimension for point in points]
    for mode in CONCERNED:
        title = RUN_TITLES[mode]
        figure.add_scatter(
            x=kept,
            y=[point.ndcg[mode] for point in points],
            customdata=[point.bytes for point in points],
            name=title,
            mode="lines+markers",
            line={"color": COLOURS[mode], "width": 2},
            marker={"color": COLOURS[mode], "symbol": SYMBOLS[mode], "size": 10},
            cliponaxis=False,
            hovertemplate="first %{x} numbers: %{y:.4f}<br>%{customdata:,.0f} bytes a passage"
            f"<extra>{title}</extra>",
        )
    low, high = _zoom([value for point in points for value in point.ndcg.values()])
    zoomed = f" ({low:g} to {high:g}, not from 0)" if low else ""
    small = {"font": {"size": 13}}
    _styled(figure, 320, {"title": {"text": HEADLINE + zoomed, **small}, "range": [low, high]})
    figure.update_layout(legend={"y": 1.02, "font": {"size": 12}})
    edges = [math.log10(kept[0] / 1.12), math.log10(kept[-1] * 1.12)]
    figure.update_xaxes(
        title={"text": "numbers kept of each vector (log scale)", **small},
        type="log",
        range=edges,
        tickvals=kept,
        ticktext=[str(dimension) for dimension in kept],
    )
    return figure


def _zoom(values: list[float]) -> tuple[float, float]:
    """A range in steps of 0.05 around the values, never empty."""
    room = 0.02
    low = math.floor((min(values) - room) * 20) / 20
    high = math.ceil((max(values) + room) * 20) / 20
    return max(0.0, low), min(1.0, high)


def empty(text: str = "nDCG@10 of each mode and mix, after Run", height: int = 280) -> go.Figure:
    """Before a run: an empty frame that says what will stand there."""
    figure = go.Figure()
    figure.add_annotation(text=text, showarrow=False, font={"size": 14})
    figure = _styled(figure, height, {"visible": False})
    figure.update_xaxes(visible=False)
    return figure


def _styled(figure: go.Figure, height: int, y_axis: dict[str, Any]) -> go.Figure:
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 36, "t": 34, "b": 40},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": INK, "family": "IBM Plex Sans, sans-serif", "size": 13},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        xaxis={"title": HEADLINE, "range": [0, 1], "gridcolor": GRID, "zerolinecolor": GRID},
        yaxis={"gridcolor": GRID, "automargin": True, **y_axis},
        showlegend=bool(len(figure.data) > 1),
    )
    return figure
