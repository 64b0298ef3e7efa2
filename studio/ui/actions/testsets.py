"""Which test collection an evaluation takes: a bundled one, a folder, or what a visitor brought."""

from __future__ import annotations

from pathlib import Path

from eval import collection as test_collections
from eval.collection import TestCollection
from studio.errors import SettingsError
from studio.ui.session import Server, Taken

OWN = "uploaded: "  # before its name in the list
PUBLIC_BYTES = 256 * 2**20  # that a visitor's zip may unpack to on a server of strangers


def take(server: Server, visitor: str, path: str | None) -> tuple[Taken, str]:
    """Read a zip; gives what it holds, and its name in the list of collections."""
    if not path:
        raise SettingsError("No file was chosen. Drop a zip with a test collection.")
    most = PUBLIC_BYTES if server.public else None
    found = test_collections.load_zip(Path(path), most=most)
    server.workspace(visitor).check_size(len(found.passages))
    return Taken(found), f"{OWN}{found.name}"


def told(found: TestCollection) -> str:
    """What was read, in a line."""
    languages = ", ".join(found.languages)
    parts = [
        f"{found.name}: {len(found.queries):,} judged queries ({found.split})",
        f"{len(found.passages):,} passages",
        f"languages {languages}" if languages else "",
        *found.notes,
    ]
    return " · ".join(filter(None, parts))


def load(server: Server, name: str, taken: Taken) -> TestCollection:
    """A named collection; a folder too, unless strangers could name one."""
    if name.startswith(OWN):
        if taken.collection is None or name != f"{OWN}{taken.collection.name}":
            raise SettingsError("That upload is no longer here. Drop the zip again.")
        return taken.collection
    if server.public and name not in test_collections.BUNDLED:
        known = ", ".join(test_collections.BUNDLED)
        raise SettingsError(
            f"On this public server these collections can be evaluated: {known}, or a zip of yours."
        )
    if not name:
        raise SettingsError("Choose a collection, name a folder or zip, or drop a zip.")
    return test_collections.load(name)
