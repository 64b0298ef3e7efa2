"""Figures of the weights: two modes along a line, exact, and reciprocal ranks by their k."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from eval import surface
from eval.lines import line
from eval.palette import COLOURS
from eval.sweep import rrf_curve
from studio.records import MODE_TITLES, MODES, Floats, Mode, Progress, silent
from studio.ui.figures import GRID, INK
from studio.ui.session import Laid

SHARES = np.linspace(0, 1, 401)
KS = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 60.0, 100.0, 200.0, 500.0)
LABELLED = (0.0, 5.0, 20.0, 60.0, 200.0)
PAIRS: tuple[tuple[Mode, Mode], ...] = (
    ("dense", "sparse"),
    ("dense", "multi_vector"),
    ("sparse", "multi_vector"),
)
SMALL = {"font": {"size": 13}}
DASHES = ("solid", "dash", "dot")


@dataclass(frozen=True, eq=False)
class Pair:
    """Two modes: the measure at SHARES of the second, and where it is highest, exactly if known."""

    start: Mode
    to: Mode
    means: Floats
    best: tuple[tuple[float, float], ...]
    exact: bool


@dataclass(frozen=True, eq=False)
class Curves:
    """All of them."""

    measure: str
    pairs: tuple[Pair, ...]
    by_k: Floats


def curves(laid: Laid, weights: tuple[float, float, float], progress: Progress = silent) -> Curves:
    """Three lines, and RRF at these weights for every k of KS."""
    pairs = []
    for number, (start, to) in enumerate(PAIRS):
        progress(number, len(PAIRS) + 1, "drawing")
        pairs.append(pair(laid, start, to))
    progress(len(PAIRS), len(PAIRS) + 1, "drawing")
    by_k = rrf_curve(laid.labels, KS, weights, laid.aim.measure)
    return Curves(laid.aim.measure, tuple(pairs), by_k)


def pair(laid: Laid, start: Mode, to: Mode) -> Pair:
    """nDCG exactly, by the crossings of scores; another measure at SHARES."""
    kind, _, depth = laid.aim.measure.partition("@")
    if kind == "nDCG":
        found = line(laid.labels, laid.columns, start, to, int(depth))
        means = np.asarray([found.at(share) for share in SHARES])
        return Pair(start, to, means, found.best, True)
    weights = np.zeros((len(SHARES), len(MODES)))
    weights[:, MODES.index(start)] = 1 - SHARES
    weights[:, MODES.index(to)] = SHARES
    values = surface.values(laid.labels, laid.columns, weights, laid.aim.measure)
    means = laid.labels.strata.per_query() @ values
    high = SHARES[means >= means.max() - 1e-9]
    return Pair(start, to, means, ((float(high[0]), float(high[-1])),), False)


def sentence(found: Curves) -> str:
    """Where each line is highest."""
    parts = [
        f"**{MODE_TITLES[one.start]} to {MODE_TITLES[one.to]}**: highest, "
        f"{one.means.max():.4f}, {'at' if one.exact else 'near'} a {MODE_TITLES[one.to]} share of "
        + " and of ".join(_span(low, high) for low, high in one.best[:3])
        for one in found.pairs
    ]
    best = KS[int(found.by_k.argmax())]
    parts.append(f"**RRF**: highest, {found.by_k.max():.4f}, at k = {best:g} of those drawn")
    return ". ".join(parts) + "."


def figure(found: Curves) -> go.Figure:
    """Both pictures side by side: shares on the left, k on the right."""
    drawn = go.Figure()
    for one, dash in zip(found.pairs, DASHES, strict=True):
        name = f"{MODE_TITLES[one.start]} → {MODE_TITLES[one.to]}"
        drawn.add_scatter(
            x=SHARES,
            y=one.means,
            name=name,
            mode="lines",
            line={"color": COLOURS[one.to], "width": 2, "dash": dash, "shape": "hv"},
            hovertemplate=f"share %{{x:.2f}}: %{{y:.4f}}<extra>{name}</extra>",
        )
    drawn.add_scatter(
        x=list(range(len(KS))),
        y=found.by_k,
        name="RRF at the present weights",
        mode="lines+markers",
        xaxis="x2",
        line={"color": INK, "width": 2},
        customdata=KS,
        hovertemplate="k = %{customdata:g}: %{y:.4f}<extra>RRF</extra>",
    )
    drawn.update_layout(
        height=360,
        margin={"l": 8, "r": 16, "t": 34, "b": 44},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": INK, "family": "IBM Plex Sans, sans-serif", "size": 13},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "font": {"size": 12}},
        xaxis={
            "domain": [0, 0.62],
            "title": {"text": "share of the second mode", **SMALL},
            "gridcolor": GRID,
        },
        xaxis2={
            "domain": [0.68, 1],
            "title": {"text": "k of RRF", **SMALL},
            "gridcolor": GRID,
            "tickvals": [KS.index(k) for k in LABELLED],
            "ticktext": [f"{k:g}" for k in LABELLED],
        },
        yaxis={"title": {"text": found.measure, **SMALL}, "gridcolor": GRID, "automargin": True},
    )
    return drawn


def _span(low: float, high: float) -> str:
    return f"{low:.4f} to {high:.4f}" if high - low >= 5e-5 else f"{low:.4f}"
