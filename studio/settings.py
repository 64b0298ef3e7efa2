"""Settings as people give them: the command line's flags and the page's presets, in one place."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from pathlib import Path

from tqdm import tqdm

from studio.encoders.options import HELP, Options
from studio.errors import SettingsError, StudioError
from studio.records import METHODS, NORMALISATIONS, FusionSettings, Progress, counted
from studio.workspace import default_home

PRESETS: dict[str, tuple[float, float, float]] = {
    "MIRACL in the paper": (1.0, 0.3, 1.0),
    "Long documents in the paper": (0.15, 0.5, 0.35),
    "Model card": (0.4, 0.2, 0.4),
    "Equal": (1.0, 1.0, 1.0),
    "Dense alone": (1.0, 0.0, 0.0),
    "Sparse alone": (0.0, 1.0, 0.0),
    "ColBERT alone": (0.0, 0.0, 1.0),
}

WORDS = ("device", "precision")  # the encoder's options that are no whole number

# A folder that cannot be made or written, or a full disk; other system errors are bugs.
MENDABLE = {errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC}


def add_home(parser: argparse.ArgumentParser) -> None:
    """--home, which every command takes."""
    parser.add_argument("--home", type=Path, default=default_home(), help="where all is kept")


def add_common(parser: argparse.ArgumentParser) -> None:
    """--home, --encoder with its options, and --json."""
    add_home(parser)
    parser.add_argument(
        "--encoder",
        default="auto",
        help="auto (BAAI/bge-m3 if it is in the local cache, else embedded), embedded, a Hub id, "
        "or a folder",
    )
    add_encoder(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def add_encoder(parser: argparse.ArgumentParser, default: Options | None = None) -> None:
    """--device, --precision, --query-tokens, --passage-tokens, --budget and --dimension."""
    for name, value in asdict(default or Options()).items():
        word = name in WORDS
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=str if word else int,
            default=value,
            metavar=name.upper() if word else "N",
            help=HELP[name],
        )


def encoder_options(arguments: argparse.Namespace) -> Options:
    """The flags of `add_encoder`, checked."""
    return Options(**{field.name: getattr(arguments, field.name) for field in fields(Options)})


def environment_options() -> Options:
    """The same from STUDIO_DEVICE, STUDIO_PRECISION, STUDIO_QUERY_TOKENS and so on, checked."""
    given: dict[str, str | int] = {}
    for field in fields(Options):
        variable = f"STUDIO_{field.name.upper()}"
        if value := os.environ.get(variable, "").strip():
            try:
                given[field.name] = value if field.name in WORDS else int(value)
            except ValueError as error:
                raise SettingsError(
                    f"{variable} is '{value}'; it must be a whole number."
                ) from error
    return Options(**given)  # type: ignore[arg-type]  # by name, as the line above found them


def add_fusion(parser: argparse.ArgumentParser) -> None:
    """The flags called FUSION in README."""
    default = FusionSettings()
    parser.add_argument(
        "--weights",
        nargs=3,
        type=float,
        default=default.weights,
        metavar=("DENSE", "SPARSE", "COLBERT"),
        help="multiplied with the scores, never divided by their sum",
    )
    parser.add_argument("--normalise", choices=NORMALISATIONS, default=default.normalise)
    parser.add_argument("--method", choices=METHODS, default=default.method)
    parser.add_argument("--rrf-k", type=float, default=default.rrf_k, metavar="K")


def fusion_settings(arguments: argparse.Namespace) -> FusionSettings:
    """The flags of `add_fusion`, checked."""
    dense, sparse, multi_vector = arguments.weights
    return FusionSettings(
        (dense, sparse, multi_vector), arguments.normalise, arguments.method, arguments.rrf_k
    )


def terminal_progress() -> Progress:
    """A progress that draws one bar per stage on stderr, and none where stderr is no terminal."""
    bars: dict[str, tqdm[None]] = {}
    drawn: set[str] = set()

    def report(done: int, total: int, what: str) -> None:
        if done >= total and what in drawn:  # a download tells of its checksum when all is there
            return
        if what not in bars:
            bars[what] = _bar(done, total, what)
            drawn.discard(what)
        bars[what].update(done - bars[what].n)
        if done >= total:
            bars.pop(what).close()
            drawn.add(what)

    return report


def _bar(done: int, total: int, what: str) -> tqdm[None]:
    """A bar; a download that goes on from `done` has its rate from there."""
    label, unit = counted(what)
    form = "{l_bar}{bar}| {n:,} of {total:,} {unit} [{elapsed}<{remaining}, {rate_fmt}]"
    look = {"unit": unit, "bar_format": form} if unit else {}
    return tqdm(total=total, initial=done, desc=label, file=sys.stderr, disable=None, **look)


def run_command(parser: argparse.ArgumentParser, argv: Sequence[str] | None = None) -> int:
    """Parse, call the chosen command, and turn what the user can mend into status 2."""
    arguments = parser.parse_args(argv)
    command: Callable[[argparse.Namespace], int | None] = arguments.command
    try:
        status = command(arguments) or 0
        sys.stdout.flush()
        return status
    except StudioError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno not in MENDABLE:
            raise
        place = f"{error.filename}: " if error.filename else ""
        print(f"{parser.prog}: {place}{error.strerror}. Choose another place.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{parser.prog}: stopped; nothing was changed.", file=sys.stderr)
        return 130
