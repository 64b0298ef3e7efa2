"""A report as one zip: all that `eval run --output` writes, to keep or to send.

The same evaluation gives the same bytes: names are sorted, times and rights are fixed.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from eval import report, several
from eval.evaluation import Evaluation
from eval.several import Combined
from studio.errors import SettingsError

LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first time that a zip can tell
READABLE = 0o100644 << 16  # a plain file that its owner may write and all may read
UNIX = 3
SQUEEZED = (".npz", ".png")  # compressed by their own format


def write_zip(evaluation: Evaluation | Combined, path: Path) -> Path:
    """Write the report of a collection, or of several languages, as a zip at `path`; gives `path`.

    Its files stand under a folder of the zip's own name, which `eval verify` takes once unpacked.
    A zip that was there stays until the new one is whole. Raises SettingsError where `path` cannot
    be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".zip-", dir=path.parent) as place:
            folder, archive = Path(place, "files"), Path(place, "zip")
            if isinstance(evaluation, Evaluation):
                report.write(evaluation, folder)
            else:
                several.write(evaluation, folder)
            pack(folder, archive, path.stem)
            archive.replace(path)
    except OSError as error:
        raise SettingsError(f"The zip {path} cannot be written: {error.strerror}.") from error
    return path


def pack(folder: Path, archive: Path, top: str) -> None:
    """Every file of `folder` and below, in the order of their names, under the folder `top`."""
    files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    with ZipFile(archive, "w") as out:
        for name in sorted(files):
            entry = ZipInfo(f"{top}/{name}", LONG_AGO)
            entry.external_attr, entry.create_system = READABLE, UNIX
            entry.compress_type = ZIP_STORED if name.endswith(SQUEEZED) else ZIP_DEFLATED
            large = files[name].stat().st_size >= 2**31
            with files[name].open("rb") as read, out.open(entry, "w", force_zip64=large) as written:
                shutil.copyfileobj(read, written)
