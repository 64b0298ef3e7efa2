"""What has to come from the Hub for a model, and where in the local cache it goes.

Asks the Hub once, for the list of files with sizes and checksums, and fetches nothing. The cache's
layout is huggingface_hub's: blobs/<checksum>, snapshots/<commit>/<file> → blob, refs/<branch>.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, constants

from studio.errors import EncoderError

MEGABYTE = 1_000_000
COMMIT, CHECKSUM = re.compile(r"[0-9a-f]{40}"), re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True)
class RemoteFile:
    """A file of a repository; the checksum is sha256 in LFS, elsewhere git's sha1."""

    name: str
    size: int
    checksum: str


@dataclass(frozen=True)
class Plan:
    """The files that meet the groups, in their order, and where in the cache they go."""

    repository: str
    commit: str
    files: tuple[RemoteFile, ...]

    @property
    def storage(self) -> Path:
        return cache() / ("models--" + self.repository.replace("/", "--"))

    @property
    def folder(self) -> Path:
        return self.storage / "snapshots" / self.commit

    def blob(self, file: RemoteFile) -> Path:
        return self.storage / "blobs" / file.checksum

    def partial(self, file: RemoteFile) -> Path:
        # Not huggingface_hub's own name: Xet leaves files with holes, which cannot be continued.
        return self.storage / "blobs" / f"{file.checksum}.studio.incomplete"

    def lock(self, file: RemoteFile) -> Path:
        return cache() / ".locks" / self.storage.name / f"{file.checksum}.lock"

    def is_here(self, file: RemoteFile) -> bool:
        blob = self.blob(file)
        whole = blob.is_file() and size_of(blob) == file.size
        return whole or (self.folder / file.name).is_file()


def cache() -> Path:
    """The local Hub cache; HF_HOME moves it."""
    return Path(constants.HF_HUB_CACHE).expanduser()


def look_up(repository: str, revision: str, groups: Sequence[Sequence[str]]) -> Plan:
    """Of each group the first file that the repository has; EncoderError where it has none."""
    info = HfApi().model_info(
        repository, revision=revision, files_metadata=True, timeout=constants.HF_HUB_ETAG_TIMEOUT
    )
    listed = {sibling.rfilename: sibling for sibling in info.siblings or ()}
    if lacking := [" or ".join(group) for group in groups if not listed.keys() & set(group)]:
        raise EncoderError(
            f"{repository} (revision {revision}) has no {', no '.join(lacking)}. "
            "Choose a model with BGE-M3's files, or use the encoder 'embedded'."
        )
    here = Plan(repository, info.sha or "", ()).folder
    files = []
    for group in groups:
        offered = [name for name in group if name in listed]
        # An alternative that has been fetched already spares the first choice's gigabytes.
        name = next((name for name in offered if (here / name).is_file()), offered[0])
        size, lfs, blob_id = listed[name].size, listed[name].lfs, listed[name].blob_id
        checksum = (lfs.sha256 if lfs else blob_id) or ""
        # Commit and checksum become names in the cache, so nothing else may pass for them.
        if size is None or not (COMMIT.fullmatch(here.name) and CHECKSUM.fullmatch(checksum)):
            raise EncoderError(
                f"{constants.ENDPOINT} does not tell commit, size and checksum of {repository}'s "
                f"{name}. Unset HF_ENDPOINT, or use the encoder 'embedded'."
            )
        files.append(RemoteFile(name, size, checksum))
    return Plan(repository, here.name, tuple(files))


def check_disk(repository: str, needed: int) -> None:
    """Refuse, before anything is fetched, what the cache's disk cannot hold."""
    folder = next(place for place in (cache(), *cache().absolute().parents) if place.exists())
    if needed > (free := shutil.disk_usage(folder).free):
        raise EncoderError(
            f"{repository} needs {-(-needed // MEGABYTE):,} MB more, but only "
            f"{free // MEGABYTE:,} MB are free in {cache()}. Free some space, set HF_HOME to a "
            "folder on another disk, or use the encoder 'embedded'."
        )


def size_of(path: Path) -> int:
    """Bytes of a file; 0 where there is none."""
    return path.stat().st_size if path.is_file() else 0
