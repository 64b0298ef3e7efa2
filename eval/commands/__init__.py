"""The verbs of `python -m eval`, a module each: `register` adds one verb and its flags."""

from __future__ import annotations

from typing import Any

Commands = Any  # what ArgumentParser.add_subparsers gives; argparse keeps its type private
