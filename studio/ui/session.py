"""What one visitor has open, and what all visitors share. No Gradio here."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from eval.evaluation import Evaluation, Scored
from studio.encoders.lazy import LazyEncoder
from studio.records import Candidates, Document, Encodings
from studio.ui.jobs import Jobs
from studio.workspace import Limits, Workspace

SESSION_HASH = re.compile(r"[0-9A-Za-z-]{1,64}")  # the page's are letters, a program's a UUID
VISITOR_HOURS = 2.0
VISITOR_LIMITS = Limits(passages=2_000, collections=5)


@dataclass(frozen=True, eq=False)
class Session:
    """One visitor's open things: replaced, never mutated (Gradio compares identities)."""

    documents: Sequence[Document] = ()
    notes: Sequence[str] = ()
    paths: Sequence[str] = ()
    collection: str = ""
    candidates: Candidates | None = None
    query: Encodings | None = None
    scored: Scored | None = None
    evaluation: Evaluation | None = None


@dataclass(frozen=True, eq=False)
class Server:
    """What the page is built around: an encoder, a home, and whether strangers come by."""

    encoder: LazyEncoder
    home: Path
    public: bool = False
    jobs: Jobs = field(default_factory=Jobs)

    def workspace(self, visitor: str) -> Workspace:
        """A visitor's own workspace on a public server; the one workspace elsewhere."""
        if not self.public:
            return Workspace(self.home)
        if not SESSION_HASH.fullmatch(visitor):
            raise ValueError(f"visitor {visitor!r} is no session hash")
        return Workspace(self.visitors / visitor, VISITOR_LIMITS)

    @property
    def visitors(self) -> Path:
        return self.home / "visitors"

    @property
    def cache(self) -> Path:
        return self.home / "cache"

    def sweep(self) -> None:
        """Delete what visitors left more than VISITOR_HOURS ago."""
        oldest = time.time() - VISITOR_HOURS * 3600
        for folder in self.visitors.glob("*"):
            if folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)

    def forget(self, visitor: str) -> None:
        """Delete what a visitor kept: the tab was closed."""
        if self.public and SESSION_HASH.fullmatch(visitor):
            shutil.rmtree(self.visitors / visitor, ignore_errors=True)
