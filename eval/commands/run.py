"""`python -m eval run`: nDCG@10 and more of each mode and mix on one collection."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from eval import collection, report
from eval.commands import Commands
from eval.evaluation import evaluate, score
from studio import encoders
from studio.settings import (
    add_common,
    add_fusion,
    encoder_options,
    fusion_settings,
    terminal_progress,
)


def register(commands: Commands) -> None:
    """The verb and its flags."""
    parser = commands.add_parser("run", help="nDCG@10 and more of each mode and mix")
    parser.add_argument("collection", help="a name from list, or a folder in BEIR layout")
    parser.add_argument("--split", help="test, else dev, else the only one")
    parser.add_argument("--protocol", choices=["studio"], default="studio")
    parser.add_argument("--output", type=Path, help="a folder for runs, tables and report.json")
    add_common(parser)
    add_fusion(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Encode, score, rank, measure; print a table or one JSON object."""
    settings, options = fusion_settings(arguments), encoder_options(arguments)
    progress = terminal_progress()
    if arguments.output:
        report.check_folder(arguments.output)
    loaded = collection.load(arguments.collection, arguments.split)
    encoder = encoders.load(arguments.encoder, progress=progress, **asdict(options))
    print(f"encoder: {encoder.title} ({encoder.revision})", file=sys.stderr)
    scored = score(loaded, encoder, arguments.home / "cache", progress)
    evaluation = evaluate(scored, settings, arguments.protocol)
    if arguments.output:
        report.write(evaluation, arguments.output)
    if arguments.json:
        print(json.dumps(report.as_json(evaluation), ensure_ascii=False))
    else:
        print(report.as_text(evaluation))
