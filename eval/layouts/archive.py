"""A collection in a zip, unpacked with care: only what a layout needs, into a folder of our own.

Nothing is written by the names in the archive, so none can lead out of the folder; what is unpacked
is counted as it comes, since the sizes that an archive states need not be true.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from studio.errors import ReadingError

MOST_TIMES = 100  # an archive that unpacks to more than so many times its size is no collection
FREE = 2**20  # bytes that any archive may have
SUFFIXES = {".jsonl", ".tsv", ".csv", ".txt", ".trec", ".sgml", ".xml", ".parquet", ".qrels", ""}
PIECE = 2**20


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The folder that holds the collection, gone when the `with` ends. Raises ReadingError."""
    with TemporaryDirectory(prefix="collection-") as place:
        try:
            with zipfile.ZipFile(path) as archive:
                _unpack(archive, path, Path(place))
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise ReadingError(f"{path.name} is broken ({error}). Fetch it again.") from error
        except (NotImplementedError, RuntimeError) as error:  # a password, an odd compression
            raise ReadingError(f"{path.name} cannot be unpacked: {error}.") from error
        yield _inmost(Path(place))


def _unpack(archive: zipfile.ZipFile, path: Path, place: Path) -> None:
    most = max(FREE, MOST_TIMES * path.stat().st_size)
    written = 0
    for member in archive.infolist():
        name = PurePosixPath(member.filename)
        if member.is_dir() or name.suffix.lower() not in SUFFIXES or not _safe(name):
            continue
        target = place.joinpath(*name.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as source, target.open("wb") as file:
            while piece := source.read(PIECE):
                written += len(piece)
                if written > most:
                    raise ReadingError(
                        f"{path.name} ({path.stat().st_size:,} bytes) unpacks to more than "
                        f"{MOST_TIMES} times its size; that is no test collection."
                    )
                file.write(piece)


def _safe(name: PurePosixPath) -> bool:
    """A path that stays inside, and none of the files that some systems add."""
    odd = any(part in ("", ".", "..") or part.startswith((".", "__MACOSX")) for part in name.parts)
    return not (odd or name.is_absolute() or "\\" in str(name) or ":" in str(name))


def _inmost(folder: Path) -> Path:
    """Through folders that hold one folder and nothing else."""
    while len(inside := list(folder.iterdir())) == 1 and inside[0].is_dir():
        folder = inside[0]
    return folder
