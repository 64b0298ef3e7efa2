"""python -m eval: list the test collections, run one."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from eval import collection, report
from eval.evaluation import evaluate, score
from studio import encoders
from studio.settings import (
    add_common,
    add_fusion,
    add_home,
    encoder_options,
    fusion_settings,
    run_command,
    terminal_progress,
)


def main() -> int:
    """Parse and run one command."""
    parser = argparse.ArgumentParser(prog="python -m eval", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="the collections that have a name")
    listing.add_argument("--json", action="store_true")
    add_home(listing)
    listing.set_defaults(command=show_list)
    running = commands.add_parser("run", help="nDCG@10 and more of each mode and mix")
    running.add_argument("collection", help="a name from list, or a folder in BEIR layout")
    running.add_argument("--split", help="test, else dev, else the only one")
    running.add_argument("--protocol", choices=["studio"], default="studio")
    running.add_argument("--output", type=Path, help="a folder for runs, tables and report.json")
    add_common(running)
    add_fusion(running)
    running.set_defaults(command=run)
    return run_command(parser)


def show_list(arguments: argparse.Namespace) -> None:
    """The named collections."""
    listed = collection.available()
    if arguments.json:
        print(json.dumps({"collections": [asdict(c) for c in listed]}, ensure_ascii=False))
        return
    for c in listed:
        print(f"{c.name}  {c.passages:,} passages, {c.queries:,} queries, {c.licence}")
        print(f"  languages: {' '.join(c.languages)}")


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


if __name__ == "__main__":
    sys.exit(main())
