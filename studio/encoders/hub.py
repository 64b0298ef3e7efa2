"""Weights from the Hugging Face Hub or its local cache. Never runs code from there."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

from huggingface_hub import constants, errors, try_to_load_from_cache

from studio.encoders.download import HTTPError, download
from studio.encoders.remote import cache
from studio.errors import EncoderError
from studio.records import Progress, silent

FULL = {errno.ENOSPC, errno.EDQUOT}
UNWRITABLE = {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.ENOTDIR,  # a file in the way
}  # fmt: skip
INSTEAD = "or use the encoder 'embedded'."


def fetch(
    repository: str,
    revision: str | None,
    *alternatives: Sequence[str],
    progress: Progress = silent,
) -> Path:
    """The folder that holds one file of each group: the first that the repository has.

    What the local cache holds whole is used as it is, without a word to the network. `progress`
    gets megabytes; where it raises `Cancelled`, what has arrived stays, and the next call goes on
    from there. Raises EncoderError where the weights cannot be had.
    """
    wanted = revision or "main"
    try:
        if here := _cached_folder(repository, wanted, alternatives):
            return here
        return download(repository, wanted, alternatives, progress)
    except (HTTPError, OSError, errors.HFValidationError) as error:
        if said := _in_words(error, repository, wanted):
            raise EncoderError(said) from error
        raise


def cached(repository: str, revision: str, *alternatives: Sequence[str]) -> bool:
    """Whether the local cache holds, of each group of alternatives, at least one file."""
    return _cached_folder(repository, revision, alternatives) is not None


def _cached_folder(
    repository: str, revision: str, alternatives: Sequence[Sequence[str]]
) -> Path | None:
    folder = None
    for group in alternatives:
        found = {
            name: try_to_load_from_cache(repository, name, revision=revision) for name in group
        }
        whole = {name: path for name, path in found.items() if isinstance(path, str)}
        if not whole:
            return None
        name, path = whole.popitem()
        folder = Path(path).parents[name.count("/")]
    return folder


def _in_words(error: Exception, repository: str, revision: str) -> str | None:
    """What is wrong and what to do; None for what nobody foresaw."""
    if isinstance(error, errors.GatedRepoError):
        return (
            f"{repository} is gated. Accept its terms at {constants.ENDPOINT}/{repository} and set "
            f"HF_TOKEN to a token of the account that did, {INSTEAD}"
        )
    if isinstance(error, (errors.RepositoryNotFoundError, errors.HFValidationError)):
        return (
            f"The Hub has no model '{repository}' that this machine may read. Check the name, set "
            f"HF_TOKEN if it is private, give a folder, {INSTEAD}"
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return (
            f"The Hub has {repository}, but no revision '{revision}' of it. Give a folder that "
            f"holds the weights, {INSTEAD}"
        )
    if isinstance(error, errors.HfHubHTTPError):
        return _status_in_words(error.response.status_code, repository)
    if isinstance(error, errors.OfflineModeIsEnabled):
        return (
            f"The weights of {repository} are not on this machine and the Hub cannot be reached: "
            f"HF_HUB_OFFLINE is set. Unset it, give a folder that holds them, {INSTEAD}"
        )
    if isinstance(error, (HTTPError, ConnectionError)):
        return (
            f"The weights of {repository} are not on this machine and the Hub cannot be reached. "
            "Connect to the network and try again (what has arrived is kept), give a folder that "
            f"holds them, {INSTEAD}"
        )
    return _system_in_words(error)


def _status_in_words(status: int, repository: str) -> str | None:
    if status in (401, 403):
        return (
            f"The Hub refuses {repository} to this machine (status {status}). Set HF_TOKEN to a "
            f"valid token that may read it, or unset it if the model is public, {INSTEAD}"
        )
    if status in (404, 408, 429) or status >= 500:
        return (
            f"The Hub cannot give {repository} at the moment (status {status}). Try again later "
            f"(what has arrived is kept), give a folder that holds the weights, {INSTEAD}"
        )
    return None


def _system_in_words(error: Exception) -> str | None:
    code = error.errno if isinstance(error, OSError) else None
    if code in FULL:
        return (
            f"The disk of {cache()} is full. Free some space and try again (what has "
            f"arrived is kept), set HF_HOME to a folder on another disk, {INSTEAD}"
        )
    if code in UNWRITABLE:
        return (
            f"The Hub's cache {cache()} cannot be written. Mend its permissions, set "
            f"HF_HOME to a folder of your own, {INSTEAD}"
        )
    return None
