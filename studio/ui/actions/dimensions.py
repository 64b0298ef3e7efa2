"""What a shorter vector costs, for the evaluation that stands on the page."""

from __future__ import annotations

from collections.abc import Iterator

from eval import report
from eval.dimensions import Curve, by_dimension
from studio import search
from studio.errors import SettingsError
from studio.ui.actions.corpus import Status, step_status
from studio.ui.actions.evaluating import made, with_stage
from studio.ui.session import Measured, Server


def draw(server: Server, measured: Measured, visitor: str) -> Iterator[tuple[Curve | None, Status]]:
    """Cut the vectors of the last evaluation to each dimension, and measure again."""
    evaluation = measured.evaluation
    if evaluation is None:
        raise SettingsError("Run an evaluation first; Draw cuts its vectors.")
    for step in server.jobs.run(visitor, lambda told: by_dimension(evaluation, progress=told)):
        if isinstance(step, Curve):
            yield step, {"kind": "done", "share": 1.0, "text": drawn(step)}
        else:
            yield None, with_stage(step_status(step, "done"), step.what)


def drawn(curve: Curve) -> str:
    """What was measured, by what, under which settings, in how many seconds."""
    large = len(curve.evaluation.scored.index) > search.WHOLE
    pools = "pools chosen by the uncut vectors" if large else ""
    parts = [made(curve.evaluation), pools, f"{curve.seconds:.1f} s"]
    return " · ".join(filter(None, parts))


def waiting(measured: Measured) -> Status:
    """Before it is drawn, and after a stop: what to press, and what it would draw."""
    text = "Run an evaluation, then press Draw."
    if measured.evaluation is not None:
        name = measured.evaluation.scored.collection.name
        text = f"Press Draw: {name} at {report.settings_text(measured.evaluation)}."
    return {"kind": "idle", "share": None, "text": text}
