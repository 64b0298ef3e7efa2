"""Train the embedded encoder's last layers and two heads: `python -m studio.training DATA`.

DATA is a folder for the fetched files (32 MB). Writes low_rank.pt, sparse_linear.pt,
colbert_linear.pt and report.json to assets/heads, or to --output. One seed gives the same files on
one machine.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from studio.encoders import embedded, low_rank
from studio.errors import StudioError
from studio.records import Floats
from studio.settings import terminal_progress
from studio.training import held_out, loop, sources
from studio.training.pairs import Pair, is_held_out
from studio.training.states import Collection, States, collections, encode

SHARE = 0.2  # of the groups are held out
SCALES = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016)  # of sparse scores


def main(arguments: list[str] | None = None) -> int:
    """0, or 2 after a sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m studio.training", description=__doc__)
    parser.add_argument("data", type=Path, help="folder for the fetched files")
    parser.add_argument("--output", type=Path, default=embedded.FOLDER)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--steps", type=int, default=loop.Recipe.steps, help="0 writes the untrained start"
    )
    parser.add_argument("--without", choices=sources.NAMES, help="hold a whole source out")
    options = parser.parse_args(arguments)
    if options.steps < 0:
        parser.error(f"--steps is {options.steps}; give 0 or more.")
    try:
        options.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"--output cannot be made: {error}")
    try:
        pairs = sources.pairs(options.data, terminal_progress())
        settling = loop.Recipe.settling if options.steps else 0
        recipe = loop.Recipe(seed=options.seed, steps=options.steps, settling=settling)
        report = run(pairs, recipe, options.output, options.without)
    except StudioError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(report["held_out"], indent=1))
    return 0


def run(
    pairs: list[Pair], recipe: loop.Recipe, output: Path, without: str | None = None
) -> dict[str, Any]:
    """Encode, train, measure on what was held out, save; gives what report.json says."""
    encoder = embedded.load(tuned=False)
    information = encoder.heads.information  # type: ignore[attr-defined]
    texts, passages, every = collections(pairs)
    states = (
        encode(encoder, encoder.queries(texts), recipe.frozen),
        encode(encoder, encoder.passages(passages), recipe.frozen, terminal_progress()),
    )
    tried, taught = parted(every, without)
    model = loop.begin(embedded.read().backbone, states[1], recipe)
    before = measured(model, *states, tried, information)
    losses = loop.train(model, *states, taught, information, recipe, terminal_progress())
    after = measured(model, *states, tried, information)
    mixed = {one: float(held_out.by_source(after[one])["fused"].mean()) for one in SCALES}
    error = held_out.standard_error(after[max(mixed, key=mixed.__getitem__)])
    scale = largest(mixed, error)
    layers = (model.sparse.linear(scale**0.5), model.late.linear())
    for name, layer in zip(embedded.FILES, layers, strict=True):
        torch.save(layer.state_dict(), output / name)
    low_rank.save(output / embedded.UPDATES, model.top.updates())
    report = {
        "recipe": asdict(recipe),
        "pairs": sources.counted(pairs),
        "losses": losses,
        "scale": scale,
        "held_out": {
            "start": held_out.by_source(before[scale]).to_dict("index"),
            "trained": held_out.by_source(after[scale]).to_dict("index"),
            "mix_by_scale": {str(one): value for one, value in mixed.items()},
            "standard_error": error,
        },
        "collections": held_out.by_collection(after[scale]).droplevel("source").to_dict("index"),
    }
    (output / "report.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return report


def parted(
    every: list[Collection], without: str | None = None
) -> tuple[list[Collection], list[Collection]]:
    """What is held out, among all passages, and what is taught, which holds none of its passages.

    A share of each source's groups is held out, or one whole source instead.
    """
    tried, taught = [], []
    for one in every:
        groups, at = np.unique(one.groups, return_inverse=True)
        out = np.asarray([is_held_out(group, SHARE) for group in groups])[at]
        if without:
            out[:] = one.source == without
        if out.any():
            tried.append(one.only(out))
        if not out.all():
            taught.append(one.alone(~out))
    return tried, taught


def measured(
    model: loop.Model,
    queries: States,
    passages: States,
    tried: list[Collection],
    information: Floats,
) -> dict[float, pd.DataFrame]:
    """nDCG@10 of each query, by scale of the sparse scores."""
    scored = {
        one.name: held_out.scores(model, queries, passages, one, information, embedded.LATE)
        for one in tried
    }
    return {scale: held_out.quality(scored, tried, scale) for scale in SCALES}


def largest(mixed: dict[float, float], error: float) -> float:
    """The largest scale whose mix is within one standard error of the best.

    The rule of Breiman et al. 1984 (section 3.4.3) among settings that cannot be told apart; the
    largest, so that the slider of sparse moves something.
    """
    return max(scale for scale, value in mixed.items() if value >= max(mixed.values()) - error)


if __name__ == "__main__":
    sys.exit(main())
