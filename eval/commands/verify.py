"""`python -m eval verify`: does a report hold? Exit status 0 if all agrees, 1 if not."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from eval import collection, protocols, saved, verify
from eval.commands import Commands
from eval.evaluation import evaluate, score
from eval.saved import Saved
from eval.verify import Verdict
from studio.encoders.deferred import deferred
from studio.errors import ReadingError, SettingsError
from studio.records import Progress
from studio.settings import add_common, encoder_options, terminal_progress


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
    """Check one folder, or each language of a report of several; print; 1 if something differs."""
    progress = terminal_progress()
    found = {name: check(run, arguments, progress) for name, run in runs(arguments.folder).items()}
    agree = not any(told.differences for told in found.values())
    if arguments.json:
        print(json.dumps(as_json(found, agree), ensure_ascii=False))
    else:
        for name, told in found.items():
            print(f"{name}\n{told.as_text()}" if len(found) > 1 else told.as_text())
    return 0 if agree else 1


def runs(folder: Path) -> dict[str, Saved]:
    """The run of a folder, or those of its folders, a language each. Raises ReadingError."""
    if not (folder / "run.json").is_file() and (folder / "report.json").is_file():
        parts = sorted(path.parent for path in folder.glob("*/run.json"))
        if parts:
            return {part.name: saved.load(part) for part in parts}
    return {folder.name: saved.load(folder)}


def check(run: Saved, arguments: argparse.Namespace, progress: Progress) -> Verdict:
    """What needs no model, and, if asked, the rest."""
    told = verify.verify(run)
    if arguments.encode:
        from_scratch(run, told, arguments, progress)
    return told


def from_scratch(
    run: Saved, told: Verdict, arguments: argparse.Namespace, progress: Progress
) -> None:
    """Load, encode and score again, into a cache of its own that is thrown away."""
    source, made = run.about.get("source"), run.about["encoder"]
    if not source or "digests" not in run.about:
        raise ReadingError(
            f"{run.folder / 'run.json'} does not tell where its collection lies. Run it again, or "
            "verify without --encode."
        )
    loaded = collection.load(source, run.about["split"])
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
        bm25 = protocols.BM25 in run.about["modes"]
        scored = score(loaded, encoder, Path(place), progress, run.about["protocol"], bm25)
        fixed = scored.protocol.startswith("paper-")
        evaluation = evaluate(scored, None if fixed else verify.settings_of(run))
        verify.against(run, scored, told)
        verify.numbers_from_scratch(run, evaluation.modes, told)


def as_json(found: dict[str, Verdict], agree: bool) -> dict[str, Any]:
    """One object; of several languages, their names stand before each line."""
    if len(found) == 1:
        return next(iter(found.values())).as_json()
    parts = {name: told.as_json() for name, told in found.items()}
    return {
        "agrees": agree,
        "checked": [f"{name}: {line}" for name, part in parts.items() for line in part["checked"]],
        "differences": [
            one | {"what": f"{name}: {one['what']}"}
            for name, part in parts.items()
            for one in part["differences"]
        ],
    }
