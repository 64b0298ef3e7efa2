"""Work that is watched while it runs and can be stopped: a thread, its progress, a stop sign."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from studio.errors import Cancelled
from studio.records import Progress

T = TypeVar("T")
TICK = 0.2  # seconds between two looks at a job


@dataclass(frozen=True)
class Step:
    """How far a job is; `rate` in items a second and `left` in seconds once they can be told."""

    done: int
    total: int
    what: str
    seconds: float

    @property
    def rate(self) -> float | None:
        return self.done / self.seconds if self.done and self.seconds > 0.3 else None

    @property
    def left(self) -> float | None:
        return (self.total - self.done) / self.rate if self.rate else None


@dataclass(eq=False)
class Job(Generic[T]):
    """One piece of work in a thread of its own."""

    work: Callable[[Progress], T]
    stopped: threading.Event = field(default_factory=threading.Event)
    result: T | None = None
    error: BaseException | None = None
    _step: Step = Step(0, 0, "starting", 0.0)
    _since: float = 0.0

    def steps(self) -> Iterator[Step]:
        """Start the work, yield its progress until it ends, then raise its error if any."""
        thread = threading.Thread(target=self._run, daemon=True)
        self._since = time.perf_counter()
        thread.start()
        while thread.is_alive():
            yield self._step
            thread.join(TICK)
        if self.error is not None:
            raise self.error

    def _run(self) -> None:
        try:
            self.result = self.work(self._report)
        except BaseException as error:  # raised again by `steps`, in the watcher's thread
            self.error = error

    def _report(self, done: int, total: int, what: str) -> None:
        if self.stopped.is_set():
            raise Cancelled("Cancelled. Nothing was changed.")
        if what != self._step.what:
            self._since = time.perf_counter()
        self._step = Step(done, total, what, time.perf_counter() - self._since)


class Jobs:
    """The job that each visitor has running, so that a Cancel button finds it."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job[object]] = {}

    def run(self, visitor: str, work: Callable[[Progress], T]) -> Iterator[Step | T]:
        """Yield steps while the work runs, then its result."""
        job: Job[T] = Job(work)
        self._jobs[visitor] = job  # type: ignore[assignment]  # only `stopped` is read from here
        try:
            yield from job.steps()
            assert job.result is not None
            yield job.result
        finally:
            job.stopped.set()  # nobody watches any longer: the tab was closed, or the work is done
            if self._jobs.get(visitor) is job:
                self._jobs.pop(visitor)

    def cancel(self, visitor: str) -> bool:
        """Put up the stop sign; False where nothing runs."""
        if job := self._jobs.get(visitor):
            job.stopped.set()
        return job is not None
