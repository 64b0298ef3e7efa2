"""Run an evaluation, tabulate it, look into one query, take it away."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from eval import collection as test_collections
from eval import report
from eval.evaluation import Scored, evaluate, score
from eval.protocols import RUN_TITLES
from studio.errors import SettingsError, StudioError
from studio.records import FusionSettings
from studio.ui import tables
from studio.ui.actions.corpus import Status, step_status
from studio.ui.session import Server, Session

SHOWN = 5  # passages per mode when a query is opened


def run(
    server: Server, session: Session, visitor: str, name: str, settings: FusionSettings
) -> Iterator[tuple[Session, Status]]:
    """Evaluate a collection at these weights; an earlier scoring of it is used again."""
    collection = load(server, name)
    scored = session.scored
    if scored is None or scored.collection.name != collection.name:
        yield session, {"kind": "busy", "text": "Preparing the encoder…", "share": None}
        encoder = server.encoder.get()
        steps = server.jobs.run(
            visitor, lambda progress: score(collection, encoder, server.cache, progress)
        )
        for step in steps:
            if isinstance(step, Scored):
                scored = step
            else:
                yield session, _told(step_status(step, "done"), step.what)
    assert scored is not None  # the job either gave one or raised
    evaluation = evaluate(scored, settings)
    session = replace(session, scored=scored, evaluation=evaluation)
    spent = sum(scored.seconds.values())
    text = (
        f"{collection.name}: {len(collection.queries):,} queries against "
        f"{len(collection.passages):,} passages · encoder {scored.encoder.title} "
        f"({scored.encoder.revision}, {scored.encoder.precision}) · protocol studio · "
        f"{report.settings_text(evaluation)} · {spent:.1f} s"
    )
    yield session, {"kind": "done", "share": 1.0, "text": text}


def load(server: Server, name: str) -> test_collections.TestCollection:
    """A named collection; a folder too, unless strangers could name one."""
    if server.public and name not in test_collections.BUNDLED:
        known = ", ".join(test_collections.BUNDLED)
        raise SettingsError(f"On this public server these collections can be evaluated: {known}.")
    if not name:
        raise SettingsError("Choose a collection, or give a folder in BEIR layout.")
    return test_collections.load(name)


def overall(session: Session, grouping: str) -> pd.DataFrame:
    """Modes by measures; or nDCG@10 of each mode by language or kind of query."""
    if session.evaluation is None:
        return pd.DataFrame()
    if grouping == "all":
        return tables.modes(session.evaluation.modes)
    return tables.groups(session.evaluation.group(grouping))


def queries(session: Session) -> pd.DataFrame:
    """nDCG@10 of every query under every mode."""
    if session.evaluation is None:
        return pd.DataFrame()
    return tables.queries(session.evaluation)


def returned(session: Session, query_id: str) -> dict[str, Any]:
    """What each mode returned for one query, with the judgements."""
    evaluation = session.evaluation
    if evaluation is None:
        raise SettingsError("Run an evaluation first.")
    scored = evaluation.scored
    collection = scored.collection
    query = next(query for query in collection.queries if query.id == query_id)
    grades = collection.qrels[query_id]
    numbers = evaluation.table.set_index(["query", "mode"])["nDCG@10"]
    modes = []
    for mode, run in evaluation.runs.items():
        hits = [collection.passages[row] for row in run[query_id].rows[:SHOWN]]
        modes.append(
            {
                "key": mode,
                "title": RUN_TITLES[mode],
                "score": f"{numbers[(query_id, mode)]:.3f}",
                "hits": [
                    {
                        "id": passage.id,
                        "title": passage.title,
                        "text": passage.text[:220],
                        "grade": grades.get(passage.id),
                    }
                    for passage in hits
                ],
            }
        )
    about = [query.id, query.language, query.kind, f"{_relevant(grades)} relevant"]
    return {"query": query.text, "about": " · ".join(filter(None, about)), "modes": modes}


def download_table(session: Session) -> str:
    """A CSV of the table, a line per mode, with what made it in the columns."""
    evaluation = _needed(session)
    path = Path(tempfile.mkdtemp(prefix="studio-")) / f"{_file_name(session)}.csv"
    tables.download(evaluation).to_csv(path, index=False)
    return str(path)


def download_runs(session: Session) -> str:
    """A zip of what `--output` writes: runs and qrels as TREC files, report and tables."""
    evaluation = _needed(session)
    folder = Path(tempfile.mkdtemp(prefix="studio-"))
    report.write(evaluation, folder / _file_name(session))
    return shutil.make_archive(str(folder / _file_name(session)), "zip", folder)


def answer(server: Server, name: str) -> dict[str, Any]:
    """What `python -m eval run --json` prints, at the default weights."""
    scored = score(load(server, name), server.encoder.get(), server.cache)
    return report.as_json(evaluate(scored, FusionSettings()))


def _needed(session: Session) -> Any:
    if session.evaluation is None:
        raise StudioError("There is nothing to download yet. Run an evaluation first.")
    return session.evaluation


def _file_name(session: Session) -> str:
    return str(_needed(session).scored.collection.name).replace("/", "-")


def _relevant(grades: Any) -> int:
    return sum(grade > 0 for grade in grades.values())


def _told(status: Status, what: str) -> Status:
    return status | {"text": f"{what[:1].upper()}{what[1:]}: {status['text']}"}
