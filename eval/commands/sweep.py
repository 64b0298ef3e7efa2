"""`python -m eval sweep`: which weights, and would they hold up on queries that had no say?"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from eval import collection, costs, report, saved, surface, sweep, sweep_report
from eval.commands import Commands
from eval.evaluation import Scored, score
from eval.grid import STEP, Limits
from eval.measures import canonical
from eval.surface import Labelled
from eval.tuning import FOLDS, REPEATS
from studio.encoders.deferred import deferred
from studio.errors import SettingsError
from studio.records import METHODS, NORMALISATIONS, FusionSettings, Progress
from studio.settings import add_common, encoder_options, terminal_progress

SHARES = ("DENSE", "SPARSE", "COLBERT")


def register(commands: Commands) -> None:
    """The verb and its flags."""
    parser = commands.add_parser("sweep", help="all weights at once, and a held-out verdict")
    parser.add_argument("collection", help="a collection, or a folder that run --output wrote")
    parser.add_argument("--split", help="test, else dev, else the only one")
    parser.add_argument("--measure", default="nDCG@10")
    parser.add_argument("--step", type=float, default=STEP, help=".05 gives 231 mixes")
    parser.add_argument("--folds", type=int, default=FOLDS)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument(
        "--leave-language-out", action="store_true", help="hold out a language at a time"
    )
    for name, default in (("least", 0.0), ("most", 1.0)):
        parser.add_argument(
            f"--{name}", nargs=3, type=float, default=(default,) * 3, metavar=SHARES,
            help=f"the {name} share of each mode",
        )  # fmt: skip
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--most-bytes", type=float, metavar="N", help="a passage, on disk")
    budget.add_argument("--most-ms", type=float, metavar="MS", help="a query's scoring, here")
    parser.add_argument("--output", type=Path, help="a folder for sweep.json and points.csv")
    parser.add_argument("--normalise", choices=NORMALISATIONS, default="none")
    parser.add_argument("--method", choices=METHODS, default="weighted")
    parser.add_argument("--rrf-k", type=float, default=60.0, metavar="K")
    add_common(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Weigh, tune, hold out; print a page or one JSON object."""
    settings = FusionSettings(
        normalise=arguments.normalise, method=arguments.method, rrf_k=arguments.rrf_k
    )
    Limits(tuple(arguments.least), tuple(arguments.most))  # said before the work begins
    measure = canonical(arguments.measure)
    if arguments.output:
        report.check_folder(arguments.output)
    progress = terminal_progress()
    labels, about, scored = found(arguments, progress)
    limits = within(arguments, scored)
    if scored is not None and limits.unit:
        about["costs"] = {"unit": limits.unit, "of": list(limits.costs), "most": limits.budget}
    swept = sweep.sweep(
        labels, settings, measure, arguments.step, limits, arguments.folds,
        arguments.repeats, arguments.leave_language_out, progress, about,
    )  # fmt: skip
    if arguments.output:
        sweep_report.write(swept, arguments.output)
    if arguments.json:
        print(json.dumps(sweep_report.as_json(swept), ensure_ascii=False))
    else:
        print(sweep_report.as_text(swept))


def within(arguments: argparse.Namespace, scored: Scored | None) -> Limits:
    """The limits asked for. Raises SettingsError where a cost cannot be known."""
    least, most = tuple(arguments.least), tuple(arguments.most)
    unit: costs.Unit = "bytes" if arguments.most_bytes is not None else "milliseconds"
    budget = arguments.most_ms if arguments.most_bytes is None else arguments.most_bytes
    if budget is None:
        return Limits(least, most)
    if scored is None:
        raise SettingsError(
            "A run's folder keeps scores and no vectors, so what a mode costs is not known there. "
            "Name the collection instead."
        )
    return Limits(least, most, costs.costs(scored, unit), budget, costs.UNITS[unit])


def found(
    arguments: argparse.Namespace, progress: Progress
) -> tuple[Labelled, dict[str, Any], Scored | None]:
    """Candidates and judgements, from a run's folder or by scoring the collection."""
    folder = Path(arguments.collection)
    if (folder / "run.json").is_file():
        return *from_run(folder), None
    loaded = collection.load(arguments.collection, arguments.split)
    cache = arguments.home / "cache"
    encoder = deferred(arguments.encoder, encoder_options(arguments), cache, progress)
    scored = score(loaded, encoder, cache, progress)
    made = {
        "name": encoder.name,
        "title": encoder.title,
        "revision": encoder.revision,
        "precision": encoder.precision,
    }
    return surface.of(scored), {"collection": loaded.name, "encoder": made}, scored


def from_run(folder: Path) -> tuple[Labelled, dict[str, Any]]:
    """The same from a folder that `eval run --output` wrote. Raises StudioError."""
    run = saved.load(folder)
    protocol = run.about["protocol"]
    if protocol != "studio":
        raise SettingsError(
            f"{folder} was run under {protocol}; weights are swept under studio, where one pool "
            "serves all modes. Run the collection under studio."
        )
    pools = saved.candidates(run)
    names = [pool.query for pool in pools]
    ids = [report.one_field(name) for name in run.about["ids"]]
    labels = surface.labelled(pools, names, ids, run.qrels, run.languages())
    about = {name: run.about[name] for name in ("collection", "encoder")}
    return labels, about
