"""`python -m eval verify`: does a report hold? Exit status 0 if all agrees, 1 if not."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from eval import collection, rebuilt, scratch, verify
from eval.commands import Commands
from eval.evaluation import evaluate, score
from eval.protocols import BM25
from eval.saved import Saved
from eval.verdict import Difference, Verdict
from studio.encoders.deferred import deferred
from studio.errors import ReadingError, SettingsError
from studio.records import Progress
from studio.settings import add_common, encoder_options, terminal_progress

ENCODER = ("name", "title", "revision", "precision")  # of run.json


def register(commands: Commands) -> None:
    """The verb and its flags."""
    parser = commands.add_parser("verify", help="does a report hold?")
    parser.add_argument("folder", type=Path, help="what run --output wrote")
    parser.add_argument(
        "--encode",
        action="store_true",
        help="encode and score the collection from scratch as well, by the encoder that made it "
        "unless --encoder names another",
    )
    add_common(parser)
    parser.set_defaults(command=run, encoder=None)


def run(arguments: argparse.Namespace) -> int:
    """Check one folder, or a report of several languages and each of these; print.

    Gives the exit status: 1 if something differs.
    """
    progress, folder = terminal_progress(), arguments.folder
    told = {path.name: Verdict() for path in runs(folder)}
    opened = {path.name: verify.opened(path, told[path.name]) for path in runs(folder)}
    for name, one in opened.items():
        verify.verify(one, told[name])
        if arguments.encode:
            from_scratch(one, told[name], arguments, progress)
    if runs(folder) != [folder]:
        told = {"": Verdict(), **told}
        verify.languages(folder, opened, told[""])
    if arguments.json:
        print(json.dumps(as_json(told), ensure_ascii=False))
    else:
        for name, found in told.items():
            print(f"{name or folder}\n{found.as_text()}" if len(told) > 1 else found.as_text())
    return 1 if any(one.differences for one in told.values()) else 0


def runs(folder: Path) -> list[Path]:
    """The folder itself, or those of its folders that hold a run, a language each."""
    if not (folder / "run.json").is_file() and (folder / "report.json").is_file():
        return sorted(path.parent for path in folder.glob("*/run.json")) or [folder]
    return [folder]


def from_scratch(
    run: Saved, told: Verdict, arguments: argparse.Namespace, progress: Progress
) -> None:
    """Load, encode and score again, into a cache of its own that is thrown away."""
    source, made = run.about.get("source"), run.about["encoder"]
    if not source or not all(made.get(part) for part in ENCODER):
        raise ReadingError(
            f"{run.folder / 'run.json'} does not tell where its collection lies, or what encoded "
            "it. Run it again, or verify without --encode."
        )
    loaded = collection.load(source, run.about.get("split"))
    options = encoder_options(arguments).as_made(made["precision"], made["title"])
    name = arguments.encoder or made["name"]
    with TemporaryDirectory(prefix="verify-") as place:
        encoder = deferred(name, options, arguments.home / "cache", progress)
        if (encoder.revision, encoder.precision) != (made["revision"], made["precision"]):
            raise SettingsError(
                f"The report was made by {made['title']} ({made['revision']}, "
                f"{made['precision']}); here is {encoder.title} ({encoder.revision}, "
                f"{encoder.precision})."
            )
        settings = told.read(lambda: rebuilt.settings(run))
        if settings is None:
            return
        baseline = BM25 in run.about["modes"]
        scored = score(loaded, encoder, Path(place), progress, run.about["protocol"], baseline)
        scratch.against(run, evaluate(scored, settings), told)


def as_json(found: Mapping[str, Verdict]) -> dict[str, Any]:
    """One object; of several languages, their names stand before each line."""
    parts = {f"{name}: " if name and len(found) > 1 else "": v for name, v in found.items()}
    told = Verdict(
        [f"{before}{line}" for before, part in parts.items() for line in part.checked],
        [
            Difference(f"{before}{one.what}", one.by)
            for before, part in parts.items()
            for one in part.differences
        ],
    )
    return told.as_json()
