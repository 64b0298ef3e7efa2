"""Collections under one folder, by name: listed, opened, kept, renamed, deleted.

    HOME/collections/<folder>/collection.json   what it is and how it was made
    HOME/collections/<folder>/index/            passages and encodings
    HOME/staging/                               work in progress; a crash leaves rubbish only here

Knows names and folders, not how a collection is made (`ingest` does).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from studio.errors import ReadingError, SettingsError
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
        cards = sorted(self.home.glob("collections/*/collection.json"))
        found = [collection for card in cards if (collection := _try_card(card))]
        return sorted(found, key=lambda collection: collection.name.casefold())

    def names(self) -> list[str]:
        return [collection.name for collection in self.collections()]

    def get(self, name: str) -> Collection:
        """A collection by name; the error lists what there is."""
        card = self.folder(name) / "collection.json"
        if not card.is_file():
            known = ", ".join(f"'{known}'" for known in self.names()) or "none yet"
            raise SettingsError(f"There is no collection '{name}'. Collections here: {known}.")
        return _read_card(card)

    def index(self, name: str) -> Index:
        """Open a collection's index."""
        self.get(name)
        path = self.folder(name) / "index"
        try:
            changed = (path / "manifest.json").stat().st_mtime_ns
        except OSError as error:
            raise ReadingError(f"'{name}' has lost its index. Encode it again.") from error
        return _open(path, changed)

    def folder(self, name: str) -> Path:
        """Where a collection lives: a readable slug and a digest, safe for any name."""
        slug = re.sub(r"[^\w-]+", "-", name, flags=re.ASCII).strip("-")[:40] or "collection"
        return self.home / "collections" / f"{slug}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"

    def check_new(self, name: str, replace: bool = False) -> str:
        """The name, trimmed, if a collection may be made under it."""
        name = check_name(name)
        taken = (self.folder(name) / "collection.json").is_file()
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
        return Path(tempfile.mkdtemp(dir=staging))

    def publish(self, staged: Path, collection: Collection) -> None:
        """Put a finished collection in its place, in two renames; the old one goes last."""
        _write_card(staged / "collection.json", collection)
        place = self.folder(collection.name)
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            old = self.stage()
            os.replace(place, old / "old")
            try:
                os.replace(staged, place)
            except BaseException:
                os.replace(old / "old", place)
                raise
            finally:
                shutil.rmtree(old)
        else:
            os.replace(staged, place)

    def rename(self, name: str, new: str) -> Collection:
        """Give a collection another name that is free."""
        collection = self.get(name)
        new = check_name(new)
        if new == name:
            return collection
        if (self.folder(new) / "collection.json").is_file():
            raise SettingsError(f"The name '{new}' is taken. Choose another.")
        os.replace(self.folder(name), self.folder(new))
        renamed = replace(collection, name=new)
        _write_card(self.folder(new) / "collection.json", renamed)
        return renamed

    def delete(self, name: str) -> None:
        """Remove a collection and its files for good."""
        self.get(name)
        shutil.rmtree(self.folder(name))


@lru_cache(maxsize=16)
def _open(path: Path, changed: int) -> Index:
    """An index stays open (memory-mapped, so it costs little) until its manifest changes."""
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
