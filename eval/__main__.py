"""python -m eval: list the test collections, run one, compare runs, sweep the weights, verify."""

from __future__ import annotations

import argparse
import sys

from eval.commands import compare, listing, run, sweep, verify
from studio.settings import run_command

VERBS = (listing, run, compare, sweep, verify)


def main() -> int:
    """Parse and run one command."""
    parser = argparse.ArgumentParser(prog="python -m eval", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for verb in VERBS:
        verb.register(commands)
    return run_command(parser)


if __name__ == "__main__":
    sys.exit(main())
