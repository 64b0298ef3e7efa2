"""Files of a data set on the Hugging Face Hub, or of its local cache. Never runs code from there.

Only what the patterns name is fetched, at a pinned revision, by huggingface_hub; without a network
its cache is read as `hf download` left it. What goes wrong is said with what to do.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

from huggingface_hub import constants, errors, snapshot_download

from studio.errors import ReadingError

HTTPError = cast("type[Exception]", errors.HfHubHTTPError.__bases__[0])
PART = re.compile(r"(?P<stem>.+)-\d{5}-of-(?P<all>\d{5})(?P<end>.*)")
FULL = {errno.ENOSPC, errno.EDQUOT}
UNWRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR}


def fetch(repository: str, revision: str, patterns: Sequence[str]) -> Path:
    """The snapshot's folder, with at least one file for each pattern. Raises ReadingError.

    What the local cache surely holds whole is used as it is, without a word to the network.
    """
    if kept := _kept(repository, revision, patterns):
        return kept
    try:
        folder = Path(
            snapshot_download(
                repository, repo_type="dataset", revision=revision, allow_patterns=list(patterns)
            )
        )
    except (HTTPError, OSError, errors.HFValidationError) as error:
        raise ReadingError(_in_words(error, repository, revision, patterns)) from error
    for pattern in patterns:
        if absent := _absent(folder, pattern):
            raise ReadingError(
                f"{repository} at revision {revision} has no {absent} in {folder}. "
                f"{_how(repository, revision, patterns)}"
            )
    return folder


def _kept(repository: str, revision: str, patterns: Sequence[str]) -> Path | None:
    with suppress(OSError):  # nothing there, or less than the listing that was kept beside it
        folder = Path(
            snapshot_download(
                repository, repo_type="dataset", revision=revision, local_files_only=True,
                allow_patterns=list(patterns),
            )
        )  # fmt: skip
        if all(_whole(folder, pattern) for pattern in patterns):
            return folder
    return None


def _whole(folder: Path, pattern: str) -> bool:
    """Whether all is there: one named file, or parts that say how many they are."""
    told = "*" not in pattern or all(PART.fullmatch(path.name) for path in files(folder, pattern))
    return told and not _absent(folder, pattern)


def _absent(folder: Path, pattern: str) -> str:
    """The pattern where nothing is of it, or a part that others say there must be; else ''."""
    found = files(folder, pattern)
    there = {path.name for path in found}
    for path in found:
        if match := PART.fullmatch(path.name):
            for number in range(int(match["all"])):
                name = f"{match['stem']}-{number:05d}-of-{match['all']}{match['end']}"
                if name not in there:
                    return f"{path.relative_to(folder).parent}/{name}"
    return "" if found else pattern


def files(folder: Path, pattern: str) -> list[Path]:
    """What the pattern names, docs-2 before docs-10."""
    found = (path for path in folder.glob(pattern) if path.is_file())
    return sorted(found, key=lambda path: [int(n) for n in re.findall(r"\d+", path.name)])


def _how(repository: str, revision: str, patterns: Sequence[str]) -> str:
    included = " ".join(f"--include '{pattern}'" for pattern in patterns)
    return (
        f"With a network: hf download --repo-type dataset {repository} --revision {revision} "
        f"{included}; a copy of that cache ({constants.HF_HUB_CACHE}, moved by HF_HOME) serves "
        "machines without one."
    )


def _in_words(error: Exception, repository: str, revision: str, patterns: Sequence[str]) -> str:
    how = _how(repository, revision, patterns)
    if isinstance(error, errors.GatedRepoError):
        return (
            f"{repository} is gated. Accept its terms at {constants.ENDPOINT}/datasets/"
            f"{repository} and set HF_TOKEN to a token of the account that did."
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return f"The Hub has {repository}, but no revision {revision} of it."
    if isinstance(error, (errors.RepositoryNotFoundError, errors.HFValidationError)):
        return (
            f"The Hub has no data set {repository} that this machine may read. If it is private, "
            "set HF_TOKEN."
        )
    if isinstance(error, errors.HfHubHTTPError):
        status = error.response.status_code
        return f"The Hub does not give {repository} (status {status}). Try again later. {how}"
    code = error.errno if isinstance(error, OSError) else None
    if code in FULL:
        return (
            f"The disk of {constants.HF_HUB_CACHE} is full. Free some space, or set HF_HOME to a "
            "folder on another disk."
        )
    if code in UNWRITABLE:
        return (
            f"The Hub's cache {constants.HF_HUB_CACHE} cannot be written. Mend its permissions, or "
            "set HF_HOME to a folder of your own."
        )
    why = "HF_HUB_OFFLINE is set" if constants.HF_HUB_OFFLINE else "the Hub cannot be reached"
    return f"{repository} at revision {revision} is not on this machine, and {why}. {how}"
