from __future__ import annotations

import threading
import time

import pytest

from studio.errors import Cancelled, StudioError
from studio.ui.jobs import Job, Jobs, Step


def test_a_job_tells_its_steps_and_then_its_result() -> None:
    seen, told = threading.Event(), threading.Event()

    def work(progress):
        progress(1, 4, "cutting")
        told.set()
        assert seen.wait(10)
        return "made"

    jobs, found = Jobs(), []
    for step in jobs.run("me", work):
        found.append(step)
        told.wait(10)
        if isinstance(step, Step) and step.done == 1:
            seen.set()
    *steps, result = found
    assert result == "made"
    assert (steps[-1].done, steps[-1].total, steps[-1].what) == (1, 4, "cutting")
    assert jobs.cancel("me") is False


def test_cancel_stops_at_the_next_report() -> None:
    jobs = Jobs()

    def work(progress):
        progress(1, 2, "first")
        assert jobs.cancel("me") is True
        progress(2, 2, "second")
        raise AssertionError("went on after the stop sign")

    with pytest.raises(Cancelled, match="Nothing was changed"):
        list(jobs.run("me", work))


def test_cancel_stops_one_s_own_job_alone() -> None:
    jobs = Jobs()

    def work(progress):
        assert jobs.cancel("another") is False
        progress(1, 1, "all")
        return 1

    assert list(jobs.run("me", work))[-1] == 1


def test_an_error_of_the_work_is_raised_to_the_watcher() -> None:
    def work(_progress):
        raise StudioError("no text")

    with pytest.raises(StudioError, match="no text"):
        list(Job(work).steps())


@pytest.mark.parametrize(
    ("step", "rate", "left"),
    [
        (Step(0, 10, "x", 5.0), None, None),
        (Step(5, 10, "x", 0.1), None, None),  # too early to tell
        (Step(4, 10, "x", 2.0), 2.0, 3.0),
    ],
)
def test_rate_and_time_left_are_told_once_they_can_be(
    step: Step, rate: float | None, left: float | None
) -> None:
    assert (step.rate, step.left) == (rate, left)


def test_work_that_nobody_watches_any_longer_is_stopped() -> None:
    ended = threading.Event()

    def work(progress):
        try:
            for done in range(1_000):
                progress(done, 1_000, "encoding")
                time.sleep(0.01)
        finally:
            ended.set()

    steps = Jobs().run("me", work)
    next(steps)
    steps.close()  # what Gradio does when the tab is closed
    assert ended.wait(5)
