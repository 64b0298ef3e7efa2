"""The measure over all weights as plain values for the page: the triangle, one mix, a verdict."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eval import surface, sweep
from eval.grid import nearest, triangle
from eval.modes import by_mode
from eval.resampling import TIE
from eval.sweep import DEFAULT
from studio.records import MODE_TITLES, MODES, Floats, FusionSettings
from studio.settings import PRESETS
from studio.ui.session import Laid

Weights = tuple[float, float, float]
SENT = 8  # decimals; of few the browser, which shows 4, would round a second time
SHOWN = 6  # queries most gained, and most lost
WAYS = {"none": "raw scores", "min-max": "min-max", "z-score": "z-score"}
RRF = "RRF, equal weights"


def picture(laid: Laid) -> str:
    """The surface as JSON: edge, a mean per grid point (null outside the limits), the best region,
    the best point, and pins. One string, since Gradio walks through every number of a value.
    """
    found = laid.surface
    edge, rows = _rows(found.weights)
    means: list[float | None] = [None] * len(triangle(edge))
    for row, mean in zip(rows.tolist(), found.means.tolist(), strict=True):
        means[row] = round(mean, SENT)
    value = {
        "title": title(laid),
        "of": of(laid),
        "measure": found.measure,
        "edge": edge,
        "means": means,
        "region": rows[found.region].tolist(),
        "best": int(rows[found.best]),
        "pins": pins(laid),
        "settings": how(laid.aim.settings),
    }
    return json.dumps(value)


def how(settings: FusionSettings) -> list[Any]:
    """What the page compares to know whether the picture is of its present settings."""
    return [settings.method, settings.normalise, settings.rrf_k if settings.method == "rrf" else 0]


def of(laid: Laid) -> str:
    """Which collection, queries, way of combining and encoder."""
    scored, settings = laid.scored, laid.aim.settings
    way = f"RRF, k = {settings.rrf_k:g}" if settings.method == "rrf" else WAYS[settings.normalise]
    return (
        f"{scored.collection.name} · {len(laid.labels.queries):,} queries · {way} · "
        f"{scored.encoder.title}"
    )


def title(laid: Laid) -> str:
    """The same with the mixes that were measured, and whether more are on their way."""
    more = ", finer ones follow" if laid.more else ""
    return f"{of(laid)} · {len(laid.surface.weights):,} mixes{more}"


def pins(laid: Laid) -> list[dict[str, Any]]:
    """Modes alone, published weights and RRF, with their values; `inside` the best region or not.

    A mode alone is that mode's own row of the evaluation: sparse leaves out what shares no token.
    """
    found, labels = laid.surface, laid.labels
    share = labels.strata.per_query()
    alone = by_mode(labels, FusionSettings(), [found.measure], MODES)
    mixes = {name: mix for name, mix in PRESETS.items() if sum(w > 0 for w in mix) > 1}
    means = share @ surface.values(
        labels, laid.columns, np.asarray(list(mixes.values())), found.measure
    )
    corner = np.eye(len(MODES)).tolist()
    listed = [
        (f"{MODE_TITLES[mode]} alone", corner[n], float(share @ alone[mode][found.measure]))
        for n, mode in enumerate(MODES)
    ]
    listed += [
        (name, list(mixes[name]), float(mean)) for name, mean in zip(mixes, means, strict=True)
    ]
    inside = set(found.region.tolist())
    return [
        {
            "name": name,
            "weights": weights,
            "value": round(value, SENT),
            "inside": int(nearest(found.weights, weights)[0]) in inside,
        }
        for name, weights, value in listed
    ] + [_reciprocal(laid, share)]


def mix(laid: Laid, weights: Weights) -> dict[str, Any]:
    """One mix beside the default and the modes alone, query by query."""
    labels, measure = laid.labels, laid.aim.measure
    share = labels.strata.per_query()
    both = surface.values(labels, laid.columns, np.asarray([weights, DEFAULT]), measure)
    alone = by_mode(labels, FusionSettings(), [measure], MODES)
    here, default = both.T
    change = here - default
    order = np.argsort(change, kind="stable")
    gained, lost = order[::-1][: (change > TIE).sum()], order[: (change < -TIE).sum()]
    columns: dict[str, Floats] = {m: alone[m][measure] for m in MODES}
    columns |= {"default": default, "here": here}

    def rows(chosen: Sequence[int]) -> list[dict[str, Any]]:
        return [
            {
                "query": laid.scored.collection.queries[n].text,
                "language": labels.languages[n],
                **{name: float(values[n]) for name, values in columns.items()},
            }
            for n in chosen
        ]

    return {
        "measure": measure,
        "of": of(laid),
        "weights": list(weights),
        "value": float(share @ here),
        "default": float(share @ default),
        "same": _same(weights),
        "gained": len(gained),
        "lost": len(lost),
        "equal": len(here) - len(gained) - len(lost),
        "winners": winners(columns),
        "most_gained": rows(gained[:SHOWN].tolist()),
        "most_lost": rows(lost[:SHOWN].tolist()),
    }


def winners(columns: Mapping[str, Floats]) -> dict[str, int]:
    """For how many queries each mode alone, or the mix at hand, is the only best; and the rest."""
    names = [*MODES, "here"]
    values = np.column_stack([columns[name] for name in names])
    best = values >= values.max(axis=1, keepdims=True) - TIE
    single = best.sum(axis=1) == 1
    counts = {name: int((best[:, n] & single).sum()) for n, name in enumerate(names)}
    return counts | {"several": int((~single).sum())}


def verdict(laid: Laid) -> dict[str, Any]:
    """What tuning is worth, for people; a number that there is not is None."""
    swept = laid.swept
    assert swept is not None  # a verdict comes after the sweep
    found, kept, room = swept.surface, swept.held_out, swept.headroom
    low, high = kept.chosen.min(axis=0), kept.chosen.max(axis=0)
    finite = np.isfinite(kept.interval).all()
    return {
        "verdict": kept.verdict,
        "of": of(laid),
        "reason": kept.reason,
        "measure": found.measure,
        "best": found.weights[found.best].tolist(),
        "region": [len(found.region), len(found.weights)],
        "selected": kept.selected,
        "gain": kept.gain,
        "interval": list(kept.interval) if finite else None,
        "kept": kept.kept,
        "lost": kept.lost,
        "folds": len(kept.chosen),
        "scatter": [[float(a), float(b)] for a, b in zip(low, high, strict=True)],
        "chosen": kept.chosen.tolist(),
        "headroom": {
            name: getattr(room, name) for name in ("single", "tuned", "oracle", "ceiling")
        },
        "room": room.sentence,
        "power": swept.power,
    }


def _rows(weights: Floats) -> tuple[int, Any]:
    """The grid's edge, and where in it each point stands: dense falls along the rows, then sparse.

    The points may be a part of the grid, so the edge is the smallest that all of them fit.
    """
    edges = (round(1 / step) for step in (0.05, 0.02, 0.01))
    edge = next(e for e in edges if np.allclose(weights * e, np.rint(weights * e), atol=1e-6))
    counts = np.rint(weights * edge).astype(int)
    behind = edge - counts[:, 0]
    return edge, behind * (behind + 1) // 2 + counts[:, 2]


def _reciprocal(laid: Laid, share: Floats) -> dict[str, Any]:
    """RRF has no place in the triangle of scores."""
    k = laid.aim.settings.rrf_k
    value = sweep.rrf_curve(laid.labels, [k], (1.0, 1.0, 1.0), laid.aim.measure)[0]
    return {"name": f"{RRF}, k = {k:g}", "weights": None, "value": round(float(value), SENT)}


def _same(weights: Weights) -> bool:
    """Whether a mix is the default, whatever it is scaled by."""
    mine, theirs = np.asarray(weights) / sum(weights), np.asarray(DEFAULT) / sum(DEFAULT)
    return bool(np.allclose(mine, theirs, atol=1e-9))
