"""Collections under one folder, by name: listed, opened, kept, renamed, deleted.

    HOME/collections/<folder>/collection.json   its name, how it was made, which index is its own
    HOME/collections/<folder>/index…/           passages and encodings
    HOME/staging/                               work in progress; a crash leaves rubbish only here

Writing collection.json, by atomic rename, is what makes, replaces and renames a collection; so a
collection is there whole or not at all. Knows names and folders, not how one is made (`ingest`).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.errors import ReadingError, SettingsError

if TYPE_CHECKING:
    from studio.index import Index

LONGEST_NAME = 60


def default_home() -> Path:
    """`--home` not given: STUDIO_HOME, else a folder in the user's home."""
    return Path(os.environ.get("STUDIO_HOME") or "~/.hybrid-retrieval-studio").expanduser()


@dataclass(frozen=True)
class Limits:
    """What a visitor may keep. None means no limit (a person's own machine)."""

    passages: int | None = None
    collections: int | None = None
    free_gigabytes: float = 0.0
    """How much of the disk must be left for others."""


@dataclass(frozen=True)
class Collection:
    """One kept collection: what it holds, how it was cut, what encoded it and at what cost."""

    name: str
    created: str
    encoder: str
    encoder_name: str
    cut: str
    documents: int
    passages: int
    tokens: int
    truncated: int
    seconds: float
    megabytes: float
    languages: Mapping[str, int] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    index: str = "index"  # the folder, beside the card, that holds the index

    def as_json(self) -> dict[str, Any]:
        """What `encode --json` prints and the endpoint `encode` returns."""
        return {
            "name": self.name,
            "encoder": self.encoder_name,
            "documents": self.documents,
            "passages": self.passages,
            "tokens": self.tokens,
            "truncated": self.truncated,
            "seconds": self.seconds,
        }


class Workspace:
    """A folder of collections."""

    def __init__(self, home: Path, limits: Limits | None = None) -> None:
        self.home = home.expanduser()
        self.limits = limits or Limits()

    def collections(self) -> list[Collection]:
        """All collections, by name; a folder that cannot be read is not one."""
        found = [collection for card in self._cards() if (collection := _try_card(card))]
        return sorted(found, key=lambda collection: collection.name.casefold())

    def names(self) -> list[str]:
        return [collection.name for collection in self.collections()]

    def get(self, name: str) -> Collection:
        """A collection by name; the error lists what there is."""
        for collection in (all_kept := self.collections()):
            if collection.name == name:
                return collection
        known = ", ".join(f"'{kept.name}'" for kept in all_kept) or "none yet"
        raise SettingsError(f"There is no collection '{name}'. Collections here: {known}.")

    def index(self, name: str) -> Index:
        """Open a collection's index."""
        path = self.folder(name) / self.get(name).index
        try:
            changed = (path / "manifest.json").stat().st_mtime_ns
        except OSError as error:
            raise ReadingError(f"'{name}' has lost its index. Encode it again.") from error
        return _open(path, changed)

    def folder(self, name: str) -> Path:
        """Where a collection lives; for a new name a readable, free place that is safe anywhere."""
        for card in self._cards():
            if (kept := _try_card(card)) and kept.name == name:
                return card.parent
        slug = re.sub(r"[^\w-]+", "-", name, flags=re.ASCII).strip("-")[:40] or "collection"
        places = self.home / "collections"
        place = places / f"{slug}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        return place if not place.exists() else places / f"{slug}-{secrets.token_hex(4)}"

    def _cards(self) -> list[Path]:
        return sorted(self.home.glob("collections/*/collection.json"))

    def check_new(self, name: str, replace: bool = False) -> str:
        """The name, trimmed, if a collection may be made under it."""
        name = check_name(name)
        taken = name in self.names()
        if taken and not replace:
            raise SettingsError(
                f"The name '{name}' is taken. Choose another, or replace the collection "
                "(on the command line: --replace)."
            )
        allowed = self.limits.collections
        if allowed is not None and not taken and len(self.collections()) >= allowed:
            raise SettingsError(f"A visitor can keep {allowed} collections. Delete one first.")
        return name

    def check_size(self, passages: int) -> None:
        """Refuse more passages than the limit, before any is encoded."""
        allowed = self.limits.passages
        if allowed is not None and passages > allowed:
            raise SettingsError(
                f"These files give {passages:,} passages; this server takes {allowed:,}. Use fewer "
                "files or longer passages, or run the studio on your own machine."
            )

    def stage(self) -> Path:
        """An empty folder to build a collection in, on the same disk."""
        staging = self.home / "staging"
        staging.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(staging).free / 2**30
        if free < self.limits.free_gigabytes:
            raise SettingsError("This server's disk is nearly full. Try again in an hour.")
        return Path(tempfile.mkdtemp(dir=staging))

    def publish(self, staged: Path, collection: Collection) -> Collection:
        """Put a finished index in its place, then the card that makes it count; the old goes."""
        place = self.folder(collection.name)
        collection = replace(collection, index=f"index-{secrets.token_hex(4)}")
        os.replace(staged / "index", staged / collection.index)
        if not place.exists():
            _write_card(staged / "collection.json", collection)
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(staged, place)
            return collection
        os.replace(staged / collection.index, place / collection.index)
        _write_card(place / "collection.json", collection)
        for old in place.glob("index*"):
            if old.name != collection.index:
                shutil.rmtree(old, ignore_errors=True)
        shutil.rmtree(staged, ignore_errors=True)
        return collection

    def rename(self, name: str, new: str) -> Collection:
        """Give a collection another name that is free."""
        collection = self.get(name)
        new = check_name(new)
        if new == name:
            return collection
        if new in self.names():
            raise SettingsError(f"The name '{new}' is taken. Choose another.")
        renamed = replace(collection, name=new)
        _write_card(self.folder(name) / "collection.json", renamed)
        return renamed

    def delete(self, name: str) -> None:
        """Remove a collection and its files for good."""
        self.get(name)
        shutil.rmtree(self.folder(name))


@lru_cache(maxsize=16)
def _open(path: Path, changed: int) -> Index:
    """An index stays open (memory-mapped, so it costs little) until its manifest changes."""
    from studio.index import Index  # brings torch, which `python -m eval list` must not wait for

    return Index(path)


def check_name(name: str) -> str:
    """A name for people: 1 to 60 characters, none of them a control character or a slash."""
    name = name.strip()
    if not name:
        raise SettingsError("The collection needs a name. Type one, such as 'my notes'.")
    if len(name) > LONGEST_NAME:
        raise SettingsError(f"The name has {len(name)} characters; {LONGEST_NAME} is the limit.")
    if any(not c.isprintable() or c in "/\\" for c in name):
        raise SettingsError("A name cannot hold slashes or control characters. Choose another.")
    return name


def _read_card(path: Path) -> Collection:
    card = json.loads(path.read_text("utf-8"))
    return Collection(**card | {"sources": tuple(card["sources"])})


def _try_card(path: Path) -> Collection | None:
    """A card, or None where it is damaged: one broken folder must not hide the others."""
    try:
        return _read_card(path)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _write_card(path: Path, collection: Collection) -> None:
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(asdict(collection), ensure_ascii=False, indent=1), "utf-8")
    os.replace(draft, path)
