"""A setting as a sentence for a paper, as commands, and as JSON: what needs no engine."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from typing import Any

from studio.engines.engine import Context, Export, pretty
from studio.records import MODE_TITLES, MODES, FusionSettings

HERE = "this studio"
NORMALISED = {
    "none": "raw scores",
    "min-max": "scores min-max normalised per query over the pool",
    "z-score": "scores z-normalised per query over the pool (population deviation)",
}


def sentence(settings: FusionSettings, context: Context) -> str:
    """One sentence of a method section, with what the context knows and nothing else.

    "We rank passages by 1 · dense + 0.3 · sparse + 1 · ColBERT over raw scores of BAAI/bge-m3 …"
    """
    encoder = context.encoder + (f" (revision {context.revision})" if context.revision else "")
    if settings.method == "rrf":
        how = (
            f"by weighted reciprocal rank fusion (k = {settings.rrf_k:g}, ranks from 1) of the "
            f"lists of {encoder} with weights {_named(settings)}"
        )
    else:
        how = f"by {_sum(settings)} over the {NORMALISED[settings.normalise]} of {encoder}"
    pool = f"; the pool is {context.pool}" if context.pool else ""
    return f"We rank passages {how}{pool}{_gain(context)}."


def commands(settings: FusionSettings, context: Context) -> str:
    """The command lines that evaluate and search with this setting."""
    flags = fusion_flags(settings)
    collection = shlex.quote(context.collection)
    encoder = shlex.quote(context.encoder)
    return (
        f"python -m eval run {collection} --encoder {encoder} {flags}\n"
        f'python -m studio search {collection} "QUERY" {flags}\n'
    )


def fusion_flags(settings: FusionSettings) -> str:
    """FUSION as both programs take it; RRF's k where it matters."""
    weights = " ".join(f"{weight:.12g}" for weight in settings.weights)
    if settings.method == "rrf":
        return f"--weights {weights} --method rrf --rrf-k {settings.rrf_k:.12g}"
    return f"--weights {weights} --normalise {settings.normalise}"


def as_json(settings: FusionSettings, context: Context) -> str:
    """The setting and where it comes from."""
    told: dict[str, Any] = {
        "settings": asdict(settings) | {"weights": dict(zip(MODES, settings.weights, strict=True))},
        "encoder": {"name": context.encoder, "revision": context.revision or None},
        "collection": context.collection,
        "pool": context.pool or None,
    }
    if context.held_out is not None:
        held_out = {"measure": context.measure, "gain": context.held_out}
        told["held_out"] = held_out | {"interval": context.interval}
    return pretty(told) + "\n"


def plain(settings: FusionSettings, context: Context) -> list[Export]:
    """All three."""
    return [
        Export("sentence", "For a paper", "text", sentence(settings, context), True, (), HERE),
        Export("command", "Command line", "shell", commands(settings, context), True, (), HERE),
        Export("json", "Settings as JSON", "json", as_json(settings, context), True, (), HERE),
    ]


def _named(settings: FusionSettings) -> str:
    return ", ".join(f"{name} {weight:g}" for weight, name in _terms(settings))


def _sum(settings: FusionSettings) -> str:
    return " + ".join(f"{weight:g} · {name}" for weight, name in _terms(settings))


def _terms(settings: FusionSettings) -> list[tuple[float, str]]:
    names = [MODE_TITLES[mode] if mode == "multi_vector" else mode for mode in MODES]
    return [(w, name) for w, name in zip(settings.weights, names, strict=True) if w > 0]


def _gain(context: Context) -> str:
    if context.held_out is None:
        return ""
    within = ""
    if context.interval is not None:
        within = f" [{context.interval[0]:+.3f}, {context.interval[1]:+.3f}]"
    return (
        f"; on held-out queries these weights change {context.measure} by "
        f"{context.held_out:+.3f}{within} against the default weights"
    )
