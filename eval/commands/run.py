"""`python -m eval run`: nDCG@10 and more of each mode and mix on one collection."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import fields
from pathlib import Path

from eval import protocols, report, several
from eval.collection import TestCollection
from eval.commands import Commands
from eval.evaluation import Evaluation, evaluate, score
from studio.encoders.deferred import deferred
from studio.errors import SettingsError
from studio.records import FusionSettings
from studio.settings import add_common, add_fusion, encoder_options, terminal_progress

FUSION = tuple(field.name for field in fields(FusionSettings))
BM25_UP_TO = 50_000  # passages: above it the baseline takes minutes and must be asked for


def register(commands: Commands) -> None:
    """The verb and its flags."""
    parser = commands.add_parser("run", help="nDCG@10 and more of each mode and mix")
    parser.add_argument(
        "collection",
        help="a name from list, a folder in BEIR layout, or a folder of such, a language each",
    )
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
    loaded = several.load(arguments.collection, arguments.split)
    cache = arguments.home / "cache"
    encoder = deferred(arguments.encoder, options, cache, progress)
    print(f"encoder: {encoder.title} ({encoder.revision})", file=sys.stderr)
    evaluations = []
    for part in loaded:
        bm25 = with_bm25(arguments.bm25, part)
        scored = score(part, encoder, cache, progress, arguments.protocol, bm25)
        evaluations.append(evaluate(scored, settings))
    made = evaluations[0] if len(evaluations) == 1 else several.combine(evaluations)
    tell(made, arguments.output, arguments.json)


def tell(made: Evaluation | several.Combined, output: Path | None, as_json: bool) -> None:
    """Write and print one collection's report, or that of several languages."""
    how = report if isinstance(made, Evaluation) else several
    if output:
        how.write(made, output)
    print(json.dumps(how.as_json(made), ensure_ascii=False) if as_json else how.as_text(made))


def with_bm25(asked: bool | None, loaded: TestCollection) -> bool:
    """As asked, else where it takes moments."""
    return len(loaded.passages) <= BM25_UP_TO if asked is None else asked


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
