"""python -m eval: list the test collections, run one, compare runs, sweep the weights, verify."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from studio.settings import run_command

VERBS = {
    "list": "listing", "run": "run", "compare": "compare", "sweep": "sweep", "verify": "verify",
}  # fmt: skip


def main() -> int:
    """Parse and run one command."""
    parser = argparse.ArgumentParser(prog="python -m eval", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    # Statistics and torch take seconds to import, so a verb loads its own module alone.
    for module in [VERBS[asked]] if asked in VERBS else VERBS.values():
        import_module(f"eval.commands.{module}").register(commands)
    return run_command(parser)


if __name__ == "__main__":
    sys.exit(main())
