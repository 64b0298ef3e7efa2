"""A sweep as one JSON object, as text for a terminal, and as files."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from eval.sweep import DEFAULT, Swept
from studio.records import MODE_TITLES, MODES, Floats


def as_json(swept: Swept) -> dict[str, Any]:
    """What `eval sweep --json` prints; measures are fractions of 1, weights shares of 1."""
    found, kept, room = swept.surface, swept.held_out, swept.headroom
    name = found.measure
    points = [
        {"weights": weights, name: mean}
        for weights, mean in zip(found.weights.tolist(), found.means.tolist(), strict=True)
    ]
    return {
        **swept.about,
        "measure": name,
        "queries": swept.queries,
        "settings": {
            "normalise": swept.settings.normalise,
            "method": swept.settings.method,
            "rrf_k": swept.settings.rrf_k,
            "default": list(DEFAULT),
        },
        "points": points,
        "best": points[found.best],
        "region": [points[row]["weights"] for row in found.region],
        "baselines": dict(swept.baselines),
        "held_out": {
            "gain": kept.gain,
            "interval": list(kept.interval),
            "kept": kept.kept,
            "lost": kept.lost,
            "selected": kept.selected,
            "chosen": kept.chosen.tolist(),
        },
        "verdict": kept.verdict,
        "reason": kept.reason,
        "headroom": {
            "single": room.single,
            "tuned": room.tuned,
            "oracle": room.oracle,
            "ceiling": room.ceiling,
            "swayed": room.swayed,
            "noise": room.noise,
            "sentence": room.sentence,
        },
        "label_power": swept.power,
    }


def as_text(swept: Swept) -> str:
    """The page of a sweep: verdict first, then what it rests on."""
    found, kept = swept.surface, swept.held_out
    name, best = found.measure, found.best
    encoder = swept.about.get("encoder", {})
    many = f"{swept.queries:,} queries · {len(found.weights):,} mixes · {name}"
    lines = [
        " · ".join(filter(None, [str(swept.about.get("collection", "")), many])),
        f"encoder {encoder['title']} · {encoder['revision']}" if encoder else "",
        f"scores: {_how(swept)}",
        _budget(swept),
        "",
        f"Verdict: {kept.verdict}. {kept.reason}",
        f"Share kept {_percent(kept.kept)}; below the default in {_percent(kept.lost)} of "
        f"{len(kept.chosen)} held-out folds.",
        "",
        f"best mix      {mix(found.weights[best])}  {found.means[best]:.4f}",
        f"not told from the best: {len(found.region):,} of {len(found.weights):,} mixes",
        *(f"{label:13} {value:.4f}" for label, value in swept.baselines.items()),
        "",
        *_scatter(kept.chosen),
        "",
        f"Headroom: one mode {swept.headroom.single:.4f}, one mix {swept.headroom.tuned:.4f}, "
        f"a mix per query {swept.headroom.oracle:.4f}, ceiling of the pool "
        f"{swept.headroom.ceiling:.4f}. {swept.headroom.sentence}",
        f"Label power: {swept.power}",
    ]
    return "\n".join(lines)


def write(swept: Swept, folder: Path) -> None:
    """sweep.json and points.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    report = json.dumps(as_json(swept), ensure_ascii=False, indent=1)
    (folder / "sweep.json").write_text(report, "utf-8")
    inside = set(swept.surface.region.tolist())
    with (folder / "points.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([*MODES, swept.surface.measure, "in_best_region"])
        pairs = zip(swept.surface.weights.tolist(), swept.surface.means.tolist(), strict=True)
        for row, (weights, mean) in enumerate(pairs):
            rows.writerow([*weights, mean, int(row in inside)])


def mix(weights: Floats) -> str:
    """Weights with their modes: 'Dense 0.25, Sparse 0, ColBERT 0.75'."""
    pairs = zip(MODES, weights.tolist(), strict=True)
    return ", ".join(f"{MODE_TITLES[mode]} {weight:g}" for mode, weight in pairs)


def _how(swept: Swept) -> str:
    settings = swept.settings
    if settings.method == "rrf":
        return f"RRF, k = {settings.rrf_k:g}"
    return "raw" if settings.normalise == "none" else settings.normalise


def _budget(swept: Swept) -> str:
    """What the mixes may cost; '' where no budget was set."""
    if not (costs := swept.about.get("costs")):
        return ""
    each = ", ".join(
        f"{MODE_TITLES[mode]} {cost:,.2f}" for mode, cost in zip(MODES, costs["of"], strict=True)
    )
    return f"at most {costs['most']:,g} {costs['unit']}: {each}"


def _scatter(chosen: Floats) -> list[str]:
    """How far the folds' choices lie apart, mode by mode."""
    low, high = chosen.min(axis=0), chosen.max(axis=0)
    parts = [f"{MODE_TITLES[mode]} {low[n]:g} to {high[n]:g}" for n, mode in enumerate(MODES)]
    return [f"Folds chose: {', '.join(parts)}."]


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"
