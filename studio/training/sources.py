"""Where the training texts come from: Debian's archive, and passages written for the purpose.

Files are fetched once into a folder and held against their SHA-256, so that the same command gives
the same pairs.
"""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import tarfile
import urllib.request
from collections.abc import Iterator, Sequence
from http.client import HTTPException
from io import BytesIO
from pathlib import Path

from studio.errors import ReadingError, StudioError
from studio.records import Progress, silent
from studio.training import debian
from studio.training.pairs import Pair, distinct, plain, sample, usable

ASSETS = Path(__file__).resolve().parent.parent.parent / "assets" / "training"
MIRROR = "http://deb.debian.org/debian/"
MOST = {"descriptions": 100, "help": 40, "across": 400}  # pairs of one language
NAMES = (*MOST, "written")
SMALLEST = 100  # pairs: a smaller collection is too easy to rank


def pairs(folder: Path, progress: Progress = silent) -> list[Pair]:
    """All pairs, sampled by language. Raises StudioError where a file cannot be had."""
    found: list[Pair] = []
    names = files()
    for done, (name, sha) in enumerate(names):
        progress(done, len(names), "fetching")
        path = fetched(folder, name, sha)
        found += [pair for pair in _read(path) if usable(pair)]
    parts: dict[tuple[str, str], list[Pair]] = {}
    for pair in distinct(found):
        parts.setdefault((pair.source, pair.language), []).append(pair)
    kept = [
        pair
        for (source, _), part in sorted(parts.items())
        if len(part) >= SMALLEST
        for pair in sample(part, MOST[source])
    ]
    return kept + written()


def files() -> list[tuple[str, str]]:
    """Path under the mirror and SHA-256 of each file."""
    with (ASSETS / "files.csv").open(encoding="utf-8", newline="") as lines:
        return [(row["path"], row["sha256"]) for row in csv.DictReader(lines)]


def fetched(folder: Path, name: str, sha: str) -> Path:
    """The file in the folder, from the mirror where it is not there yet."""
    path = folder / Path(name).name
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with urllib.request.urlopen(MIRROR + name, timeout=60) as answer:
                path.write_bytes(answer.read())
        except (OSError, HTTPException) as error:
            raise StudioError(f"{MIRROR}{name} cannot be fetched ({error}).") from error
    if hashlib.sha256(path.read_bytes()).hexdigest() != sha:
        raise StudioError(
            f"{path} is not the file that the heads were trained on: its SHA-256 differs. Remove "
            "it and try again; if the mirror has a newer one, update assets/training/files.csv."
        )
    return path


def written() -> list[Pair]:
    """The bundled passages and questions; all questions of a subject are one group."""
    found = []
    for file in sorted(ASSETS.glob("*.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            row = json.loads(line)
            found += [
                Pair(
                    "written",
                    file.stem,
                    f"written/{row['subject']}",
                    plain(query),
                    plain(row["text"]),
                )
                for query in row["questions"]
            ]
    return found


def _read(path: Path) -> Iterator[Pair]:
    if path.suffix == ".deb":
        yield from debian.help_pages(unpacked(path))
    else:
        language = path.stem.removeprefix("Translation-").replace("_", "-")
        yield from debian.descriptions(path, language)


def unpacked(path: Path) -> Path:
    """The help pages of a Debian package, beside it. A package is an `ar` archive of a tar."""
    folder = path.with_suffix("")
    if not folder.is_dir():
        part = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        with tarfile.open(fileobj=BytesIO(member(path.read_bytes(), "data.tar"))) as archive:
            pages = [one for one in archive if one.name.endswith(".page") and one.isfile()]
            archive.extractall(part, pages, filter="data")
        part.rename(folder)
    return folder / "usr" / "share" / "help"


def member(archive: bytes, name: str) -> bytes:
    """A member of an `ar` archive whose name begins so. Raises ReadingError."""
    at = 8
    while at + 60 <= len(archive):
        size = int(archive[at + 48 : at + 58])
        if archive[at : at + 16].decode("ascii").startswith(name):
            return archive[at + 60 : at + 60 + size]
        at += 60 + size + size % 2
    raise ReadingError(f"The package has no {name}.")


def counted(found: Sequence[Pair]) -> dict[str, dict[str, int]]:
    """How many pairs each source has in each language."""
    counts: dict[str, dict[str, int]] = {}
    for pair in found:
        languages = counts.setdefault(pair.source, {})
        languages[pair.language] = languages.get(pair.language, 0) + 1
    return counts
