"""The one place that asks the Hugging Face Hub for weights. Never runs code from there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from huggingface_hub import errors as hub
from huggingface_hub import snapshot_download, try_to_load_from_cache

from studio.errors import EncoderError


def fetch(repository: str, revision: str | None, *alternatives: Sequence[str]) -> Path:
    """The folder that holds, of each group of alternatives, at least one file, the first if it can.

    What the local cache holds whole is used as it is, without a word to the network.
    """
    here = cached(repository, revision or "main", *alternatives)
    wanted = list(alternatives) if here else [group[:1] for group in alternatives]
    try:
        folder = _snapshot(repository, revision, wanted, here)
        lacking = [group for group in alternatives if not any((folder / f).exists() for f in group)]
        return _snapshot(repository, revision, lacking, here) if lacking else folder
    except hub.GatedRepoError as error:
        raise EncoderError(
            f"{repository} is gated. Accept its terms on the Hub and set HF_TOKEN."
        ) from error
    except (hub.RepositoryNotFoundError, hub.RevisionNotFoundError, hub.HFValidationError) as error:
        raise EncoderError(
            f"The Hub has no model '{repository}' (revision {revision or 'main'}) that this "
            "machine may read. Check the name, give a folder, or use the encoder 'embedded'."
        ) from error
    except (hub.LocalEntryNotFoundError, hub.OfflineModeIsEnabled, OSError) as error:
        raise EncoderError(
            f"The weights of {repository} are not on this machine and the Hub cannot be reached. "
            "Connect to the network once, give a folder that holds them, or use the encoder "
            "'embedded'."
        ) from error


def _snapshot(
    repository: str, revision: str | None, groups: Sequence[Sequence[str]], local: bool
) -> Path:
    files = [file for group in groups for file in group]
    return Path(
        snapshot_download(
            repository, revision=revision, allow_patterns=files, local_files_only=local
        )
    )


def cached(repository: str, revision: str, *alternatives: Sequence[str]) -> bool:
    """Whether the local cache holds, of each group of alternatives, at least one file."""

    def here(file: str) -> bool:
        return isinstance(try_to_load_from_cache(repository, file, revision=revision), str)

    return all(any(here(file) for file in group) for group in alternatives)
