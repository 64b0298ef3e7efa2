"""A collection in a zip, unpacked with care: only what a layout needs, into a folder of our own.

Nothing is written by the names in the archive, so none can lead out of the folder; what is unpacked
is counted as it comes, since the sizes that an archive states need not be true.
"""

from __future__ import annotations

import lzma
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from eval import layouts
from studio.errors import ReadingError

MOST_TIMES = 100  # an archive that unpacks to more than so many times its size is no collection
MOST_FILES = 10_000
SUFFIXES = {
    ".jsonl", ".tsv", ".csv", ".parquet", ".txt", ".trec", ".sgml", ".sgm", ".xml", ".qrels", "",
}  # fmt: skip
PIECE = 2**20
BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, ValueError)


@contextmanager
def unpacked(path: Path, most: int | None = None) -> Iterator[Path]:
    """The folder that holds the collection, gone when the `with` ends. Raises ReadingError.

    `most`: bytes that may be unpacked, where fewer than MOST_TIMES the archive's size.
    """
    with TemporaryDirectory(prefix="collection-") as place:
        try:
            with zipfile.ZipFile(path) as archive:
                _unpack(archive, path, Path(place), most)
        except BROKEN as error:
            raise ReadingError(f"{path.name} is broken ({error}). Fetch it again.") from error
        except (NotImplementedError, RuntimeError) as error:  # a password, an odd compression
            raise ReadingError(f"{path.name} cannot be unpacked: {error}.") from error
        except OSError as error:  # a name too long, a file where a folder should be, a full disk
            raise ReadingError(f"{path.name} cannot be unpacked: {error.strerror}.") from error
        yield _collection(Path(place))


def _unpack(archive: zipfile.ZipFile, path: Path, place: Path, allowed: int | None) -> None:
    most, written = MOST_TIMES * path.stat().st_size, 0
    members = archive.infolist()
    stated = sum(member.file_size for member in members)
    if allowed is not None and allowed < stated <= most:
        raise ReadingError(
            f"{path.name} unpacks to {stated:,} bytes; this server takes {allowed:,}. Run the "
            "studio on your own machine."
        )
    most = most if allowed is None else min(most, allowed)
    if stated > most:
        raise _too_large(path, stated)
    if len(members) > MOST_FILES:
        raise ReadingError(
            f"{path.name} holds {len(members):,} files; at most {MOST_FILES:,} are taken."
        )
    if stated > (free := shutil.disk_usage(place).free):
        raise ReadingError(f"{path.name} unpacks to {stated:,} bytes; the disk has {free:,} free.")
    for member in members:
        name = PurePosixPath(member.filename)
        if member.is_dir() or name.suffix.lower() not in SUFFIXES or not _safe(name):
            continue
        target = place.joinpath(*name.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as source, target.open("wb") as file:
            while piece := source.read(PIECE):
                written += len(piece)
                if written > most:
                    raise _too_large(path, written)
                file.write(piece)


def _too_large(path: Path, size: int) -> ReadingError:
    return ReadingError(
        f"{path.name} ({path.stat().st_size:,} bytes) unpacks to more than {MOST_TIMES} times its "
        f"size, {size:,} bytes; that is no test collection."
    )


def _safe(name: PurePosixPath) -> bool:
    """A path that stays inside, and none of the files that some systems add."""
    odd = any(part in ("", ".", "..") or part.startswith((".", "__MACOSX")) for part in name.parts)
    return not (odd or name.is_absolute() or "\\" in str(name) or ":" in str(name))


def _collection(folder: Path) -> Path:
    """Here, or in the only folder, or in the only one that holds a collection; and so on down."""
    while True:
        below = [path for path in sorted(folder.iterdir()) if path.is_dir()]
        fitting = [path for path in below if layouts.recognised(path)] or below
        if layouts.recognised(folder) or len(fitting) != 1 or _begun(folder):
            return folder
        folder = fitting[0]


def _begun(folder: Path) -> bool:
    """A collection that lacks a file is told so where it lies, not in its folder qrels."""
    return any(folder.glob("corpus*.*")) or any(folder.glob("*queries*.*"))
