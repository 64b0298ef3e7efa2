"""What one visitor has open, and what all visitors share. No Gradio here.

A visitor's things are three, each replaced by its own events, never mutated: so a search while a
corpus is encoded, or an upload while an evaluation runs, cannot put back what the other had.
"""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from eval import grid
from eval.collection import TestCollection
from eval.comparison import Comparison
from eval.evaluation import Evaluation, Scored
from eval.surface import Labelled
from eval.sweep import Surface, Swept
from studio.encoders.lazy import LazyEncoder
from studio.errors import SettingsError
from studio.records import Candidates, Document, Encodings, Floats, FusionSettings
from studio.ui.jobs import Jobs
from studio.workspace import Limits, Workspace

SESSION_HASH = re.compile(r"[0-9A-Za-z-]{1,64}")  # the page's are letters, a program's a UUID
NOBODY = "local"  # who calls without a session
VISITOR_HOURS = 2.0
VISITOR_LIMITS = Limits(passages=2_000, collections=5, free_gigabytes=2.0)
SWEEP_SECONDS = 300


@dataclass(frozen=True, eq=False)
class Upload:
    """What was read; `paths` is empty for the sample."""

    documents: Sequence[Document] = ()
    notes: Sequence[str] = ()
    paths: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class Asked:
    """The last search: in which collection, as it then was (`digest`), and what it found."""

    collection: str = ""
    digest: str = ""
    candidates: Candidates | None = None
    query: Encodings | None = None


@dataclass(frozen=True, eq=False)
class Taken:
    """The test collection that a visitor brought along in a zip, if any."""

    collection: TestCollection | None = None


@dataclass(frozen=True, eq=False)
class Measured:
    """The last evaluation, and the scores behind it, which other weights use again."""

    scored: Scored | None = None
    evaluation: Evaluation | None = None
    comparison: Comparison | None = None
    """Which of its modes the labels tell apart; it comes a moment later."""


@dataclass(frozen=True)
class Aim:
    """What the weights are measured by: how scores are combined, the measure, the limits."""

    settings: FusionSettings
    measure: str
    limits: grid.Limits


@dataclass(frozen=True, eq=False)
class Laid:
    """The measure over all weights, of these scores under this aim; later also what tuning said.

    columns: each query's scores as the aim normalises them; more: whether a finer one follows.
    """

    scored: Scored
    aim: Aim
    labels: Labelled
    columns: Sequence[Floats]
    surface: Surface
    more: bool = False
    swept: Swept | None = None

    def of(self, scored: Scored | None, aim: Aim) -> bool:
        """Whether it still is what these ask for."""
        return self.scored is scored and self.aim == aim


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
        if visitor == NOBODY or not SESSION_HASH.fullmatch(visitor):
            raise SettingsError(
                "This server keeps each visitor's collections apart, and this call names no "
                "session. Use the page, or gradio_client."
            )
        return Workspace(self.visitors / visitor, VISITOR_LIMITS)

    @property
    def visitors(self) -> Path:
        return self.home / "visitors"

    @property
    def cache(self) -> Path:
        return self.home / "cache"

    def kept_for(self, visitor: str, own: bool) -> Path:
        """Where scores and encodings are kept: what a visitor of a public server brought along
        goes with the visitor, all else stays for everybody."""
        return self.workspace(visitor).home / "cache" if own and self.public else self.cache

    def sweep(self) -> None:
        """Delete what visitors left more than VISITOR_HOURS ago."""
        oldest = time.time() - VISITOR_HOURS * 3600
        for folder in self.visitors.glob("*"):
            with suppress(FileNotFoundError):  # its visitor left just now
                if folder.stat().st_mtime < oldest:
                    shutil.rmtree(folder, ignore_errors=True)

    def keep_swept(self) -> None:
        """Sweep again and again, whether or not somebody comes by."""

        def sweep() -> None:
            while True:
                self.sweep()
                time.sleep(SWEEP_SECONDS)

        threading.Thread(target=sweep, daemon=True, name="sweep").start()

    def forget(self, visitor: str) -> None:
        """Delete what a visitor kept: the tab was closed."""
        if self.public and SESSION_HASH.fullmatch(visitor):
            shutil.rmtree(self.visitors / visitor, ignore_errors=True)
