"""`python -m eval list`: the test collections that have a name."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from eval import collection
from eval.commands import Commands
from studio.settings import add_home


def register(commands: Commands) -> None:
    """The verb and its flags."""
    parser = commands.add_parser("list", help="the collections that have a name")
    parser.add_argument("--json", action="store_true")
    add_home(parser)
    parser.set_defaults(command=show)


def show(arguments: argparse.Namespace) -> None:
    """The named collections."""
    listed = collection.available()
    if arguments.json:
        print(json.dumps({"collections": [asdict(c) for c in listed]}, ensure_ascii=False))
        return
    for c in listed:
        print(f"{c.name}  {c.passages:,} passages, {c.queries:,} queries, {c.licence}")
        print(f"  languages: {' '.join(c.languages)}")
