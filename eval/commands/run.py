"""`python -m eval run`: nDCG@10 and more of each mode and mix on one collection."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import fields
from pathlib import Path

from eval import collection, protocols, report
from eval.commands import Commands
from eval.evaluation import evaluate, score
from studio.encoders.deferred import deferred
from studio.errors import SettingsError
from studio.records import FusionSettings
from studio.settings import add_common, add_fusion, encoder_options, terminal_progress

FUSION = tuple(field.name for field in fields(FusionSettings))
BM25_UP_TO = 50_000  # passages: above it the baseline takes minutes and must be asked for


def register(commands: Commands) -> None:
    """The verb and its flags."""
    parser = commands.add_parser("run", help="nDCG@10 and more of each mode and mix")
    parser.add_argument("collection", help="a name from list, or a folder in BEIR layout")
    parser.add_argument("--split", help="test, else dev, else the only one")
    parser.add_argument(
        "--protocol",
        choices=list(protocols.PROTOCOLS),
        default="studio",
        help="studio: one pool for all modes. paper-miracl, paper-mldr: the M3 paper's lists, "
        "re-ranking and weights. mteb: the leaderboard's texts, ties and rounding",
    )
    parser.add_argument(
        "--bm25",
        action=argparse.BooleanOptionalAction,
        help="BM25 over the encoder's tokens beside the modes. Default: up to "
        f"{BM25_UP_TO:,} passages",
    )
    parser.add_argument("--output", type=Path, help="a folder for runs, tables and report.json")
    add_common(parser)
    add_fusion(parser)
    parser.set_defaults(command=run, **dict.fromkeys(FUSION))  # None tells what was not given


def run(arguments: argparse.Namespace) -> None:
    """Encode, score, rank, measure; print a table or one JSON object."""
    settings, options = chosen(arguments), encoder_options(arguments)
    progress = terminal_progress()
    if arguments.output:
        report.check_folder(arguments.output)
    loaded = collection.load(arguments.collection, arguments.split)
    cache = arguments.home / "cache"
    encoder = deferred(arguments.encoder, options, cache, progress)
    print(f"encoder: {encoder.title} ({encoder.revision})", file=sys.stderr)
    few = len(loaded.passages) <= BM25_UP_TO
    bm25 = few if arguments.bm25 is None else arguments.bm25
    scored = score(loaded, encoder, cache, progress, arguments.protocol, bm25)
    evaluation = evaluate(scored, settings)
    if arguments.output:
        report.write(evaluation, arguments.output)
    if arguments.json:
        print(json.dumps(report.as_json(evaluation), ensure_ascii=False))
    else:
        print(report.as_text(evaluation))


def chosen(arguments: argparse.Namespace) -> FusionSettings:
    """The FUSION flags given, the protocol's or the default's for the rest.

    A protocol that fixes its weights takes none, not even its own.
    """
    given = {name: getattr(arguments, name) for name in FUSION}
    given = {name: value for name, value in given.items() if value is not None}
    rules = protocols.protocol(arguments.protocol)
    if given and rules.weights:
        raise SettingsError(rules.fixed())
    if "weights" in given:
        given["weights"] = tuple(given["weights"])
    return rules.settings(FusionSettings(**given) if given else None)
