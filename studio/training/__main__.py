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

from studio.encoders import embedded, low_rank
from studio.errors import StudioError
from studio.records import Floats
from studio.settings import terminal_progress
from studio.training import heads, held_out, loop, sources
from studio.training.pairs import Pair, is_held_out
from studio.training.states import Collection, States, collections, encode

SHARE = 0.2  # of the groups are held out
SCALES = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016)  # of sparse scores
MODES = ("dense", "sparse", "multi_vector", "fused")


def main(arguments: list[str] | None = None) -> int:
    """0, or 2 after a sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m studio.training", description=__doc__)
    parser.add_argument("data", type=Path, help="folder for the fetched files")
    parser.add_argument("--output", type=Path, default=embedded.FOLDER)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=loop.Recipe.steps)
    parser.add_argument("--without", metavar="SOURCE", help="hold a whole source out")
    options = parser.parse_args(arguments)
    try:
        pairs = sources.pairs(options.data, terminal_progress())
        recipe = loop.Recipe(seed=options.seed, steps=options.steps)
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
    encoder = embedded.load(updates=None)
    information = encoder.heads.information  # type: ignore[attr-defined]
    texts, passages, every = collections(pairs)
    states = (
        encode(encoder, encoder.queries(texts), recipe.frozen),
        encode(encoder, encoder.passages(passages), recipe.frozen, terminal_progress()),
    )
    by_query = {pair.query: pair for pair in pairs}
    out = np.asarray([is_held_out(by_query[text], SHARE) for text in texts])
    tried = [one.only(np.flatnonzero(out[one.queries])) for one in every]
    taught = [one.only(np.flatnonzero(~out[one.queries])) for one in every]
    if without:
        taught = [one for one in taught if not one.name.startswith(f"{without}/")]
        tried = [one for one in every if one.name.startswith(f"{without}/")]
    model = loop.begin(embedded.read().backbone, states[1], recipe)
    before = measured(model, *states, tried, information)
    losses = loop.train(model, *states, taught, information, recipe, terminal_progress())
    after = measured(model, *states, tried, information)
    mixed = {one: mean(after[one], "fused") for one in SCALES}
    best = max(SCALES, key=lambda one: mixed[one])
    scale = largest(mixed, standard_error(after[best]))
    heads.save(output, model.sparse.linear(scale**0.5), model.late.linear())
    low_rank.save(output / embedded.UPDATES.name, model.top.updates())
    report = {
        "recipe": asdict(recipe),
        "pairs": sources.counted(pairs),
        "losses": losses,
        "scale": scale,
        "held_out": {
            "start": summary(before[scale]),
            "trained": summary(after[scale]),
            "mix_by_scale": {str(one): value for one, value in mixed.items()},
            "standard_error": standard_error(after[best]),
        },
        "collections": after[scale],
    }
    (output / "report.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return report


def measured(
    model: loop.Model,
    queries: States,
    passages: States,
    tried: list[Collection],
    information: Floats,
) -> dict[float, dict[str, dict[str, float]]]:
    """nDCG@10 of each collection, by scale of the sparse scores."""
    asked = [one for one in tried if len(one.queries)]
    scored = {
        one.name: held_out.scores(model, queries, passages, one, information, embedded.LATE)
        for one in asked
    }
    return {scale: held_out.quality(scored, asked, scale) for scale in SCALES}


def largest(mixed: dict[float, float], error: float) -> float:
    """The largest scale whose mix is within one standard error of the best.

    The rule of Breiman et al. 1984 (section 3.4.3) among settings that cannot be told apart; the
    largest, so that the slider of sparse moves something.
    """
    return max(scale for scale, value in mixed.items() if value >= max(mixed.values()) - error)


def standard_error(found: dict[str, dict[str, float]]) -> float:
    """The standard error of `mean` of the mixes: collections are drawn apart."""
    by_source: dict[str, list[float]] = {}
    for name, values in found.items():
        by_source.setdefault(name.partition("/")[0], []).append(values["error"])
    errors = [np.linalg.norm(each) / len(each) for each in by_source.values()]
    return float(np.linalg.norm(errors) / len(errors))


def mean(found: dict[str, dict[str, float]], mode: str) -> float:
    """Over sources of the mean over their collections."""
    by_source = summary(found)
    return float(np.mean([modes[mode] for modes in by_source.values()]))


def summary(found: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Mean of each mode over the collections of each source."""
    names = sorted({name.partition("/")[0] for name in found})
    return {
        source: {
            mode: float(np.mean([v[mode] for k, v in found.items() if k.startswith(f"{source}/")]))
            for mode in MODES
        }
        for source in names
    }


if __name__ == "__main__":
    sys.exit(main())
