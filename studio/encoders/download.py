"""Files from the Hub into its local cache, over plain HTTP: resumed, checked, stopped at will.

huggingface_hub lends its session, headers and locks, but not its download: from 1.18 on that
deletes what a stopped call has brought, and Xet's runs in a thread of Rust that swallows what a
progress callback raises. Errors of the network and the disk pass through: `hub` words them.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import cast

from huggingface_hub import constants, get_session, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import (  # type: ignore[attr-defined]  # public, by its documentation
    WeakFileLock,
    build_hf_headers,
    hf_raise_for_status,
)

from studio.encoders.remote import MEGABYTE, Plan, RemoteFile, check_disk, look_up, size_of
from studio.errors import EncoderError
from studio.records import Progress

# What goes wrong between here and the Hub; of httpx in huggingface_hub 1, of httpx2 in 2.
HTTPError = cast("type[Exception]", HfHubHTTPError.__bases__[0])

PIECE = 1 << 20  # bytes read at once for a checksum
TRIES, PAUSE = 5, 1.0  # a broken connection: attempts that bring no byte, and seconds between them
LOOK = 1.0  # seconds between two looks at a file that another download holds


def download(
    repository: str, revision: str, groups: Sequence[Sequence[str]], progress: Progress
) -> Path:
    """The folder with one file of each group; asks first, fetches only if the disk can hold it."""
    plan = look_up(repository, revision, groups)
    absent = [file for file in plan.files if not plan.is_here(file)]
    total = sum(file.size for file in absent)
    check_disk(repository, total - sum(size_of(plan.partial(file)) for file in absent))
    done = 0

    def report(here: int) -> None:
        # Both rounded up, so that the last call is (n, n).
        shown = [-(-count // MEGABYTE) for count in (done + here, total)]
        progress(shown[0], shown[1], f"downloading {repository} (MB)")

    for file in absent:
        _fetch(plan, file, report)
        done += file.size
    for file in plan.files:
        if not (plan.folder / file.name).is_file():
            _place(plan.blob(file), plan.folder / file.name)
    if revision != plan.commit:
        reference = plan.storage / "refs" / revision
        reference.parent.mkdir(parents=True, exist_ok=True)
        reference.write_text(plan.commit, "utf-8")
    return plan.folder


def _fetch(plan: Plan, file: RemoteFile, report: Callable[[int], None]) -> None:
    """One file into its blob; `report` gets the bytes that are there, and may raise `Cancelled`."""
    partial = plan.partial(file)
    partial.parent.mkdir(parents=True, exist_ok=True)
    with _alone(plan.lock(file), lambda: report(size_of(partial))):
        if plan.is_here(file):  # another studio fetched it meanwhile
            report(file.size)
            return
        url = hf_hub_url(plan.repository, file.name, revision=plan.commit)
        _bring(url, partial, file.size, report)
        if (size := size_of(partial)) != file.size or _is_damaged(partial, file, report):
            partial.unlink(missing_ok=True)
            raise EncoderError(
                f"{file.name} of {plan.repository} came damaged ({size:,} bytes of {file.size:,}) "
                "and was removed. Try again, or use the encoder 'embedded'."
            )
        os.replace(partial, plan.blob(file))


@contextmanager
def _alone(path: Path, look: Callable[[], None]) -> Iterator[None]:
    """Keep other downloads of the file out; `look` is called about once a second of waiting."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        while True:
            look()
            with suppress(TimeoutError):
                stack.enter_context(WeakFileLock(path, timeout=LOOK))
                break
        yield


def _bring(url: str, partial: Path, size: int, report: Callable[[int], None]) -> None:
    """Go on from where the partial file ends, again wherever the connection breaks."""
    partial.touch()
    tries = TRIES
    while (before := size_of(partial)) < size:
        try:
            _stream(url, partial, report)
            if size_of(partial) == before:
                return  # the Hub has no more than this; the caller finds it too short
        except HTTPError as error:
            if isinstance(error, HfHubHTTPError) and not _may_pass(error.response.status_code):
                raise
            tries = TRIES if size_of(partial) > before else tries - 1
            if not tries:
                raise
            time.sleep(PAUSE)
        report(size_of(partial))


def _may_pass(status: int) -> bool:
    return status in (408, 429) or status >= 500


def _stream(url: str, partial: Path, report: Callable[[int], None]) -> None:
    start = size_of(partial)
    # A compressed body would have another length, and ranges of it other bytes.
    headers = build_hf_headers() | {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    with get_session().stream(
        "GET", url, headers=headers, timeout=constants.HF_HUB_DOWNLOAD_TIMEOUT
    ) as response:
        if response.status_code == 416:  # there is nothing from here on
            return
        hf_raise_for_status(response)
        with partial.open("ab") as sink:
            if start and response.status_code != 206:  # no ranges here: the whole file comes
                sink.seek(0)
                sink.truncate()
            for chunk in response.iter_bytes():
                sink.write(chunk)
                report(sink.tell())


def _is_damaged(path: Path, file: RemoteFile, report: Callable[[int], None]) -> bool:
    git = hashlib.sha1(b"blob %d\0" % file.size, usedforsecurity=False)
    digest = hashlib.sha256() if len(file.checksum) == 64 else git
    with path.open("rb") as source:
        while piece := source.read(PIECE):
            digest.update(piece)
            report(file.size)
    return digest.hexdigest() != file.checksum


def _place(blob: Path, pointer: Path) -> None:
    """Show a blob under its name in the snapshot."""
    pointer.parent.mkdir(parents=True, exist_ok=True)
    try:
        pointer.symlink_to(os.path.relpath(blob, pointer.parent))
    except OSError:  # no links on this disk, Windows without the right to them, a dead link here
        os.replace(blob, pointer)
