"""Run an evaluation, tabulate it, look into one query, take it away."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd

from eval import bundle, protocols, report
from eval.collection import TestCollection
from eval.evaluation import Evaluation, Scored, evaluate, score
from studio.errors import SettingsError, StudioError
from studio.records import FusionSettings
from studio.ui import tables
from studio.ui.actions.corpus import Status, step_status
from studio.ui.actions.testsets import load
from studio.ui.session import Measured, Server, Taken

BM25_UP_TO = 50_000  # passages: beyond it the baseline takes minutes
RANKED = 12  # relevant passages whose ranks are shown
SHOWN = 5  # passages per mode when a query is opened


def run(
    server: Server,
    measured: Measured,
    visitor: str,
    collection: TestCollection,
    protocol: str,
    settings: FusionSettings,
) -> Iterator[tuple[Measured, Status]]:
    """Evaluate a collection at these weights; an earlier scoring of it is used again.

    A protocol that fixes its weights takes none.
    """
    encoder = server.encoder.get()
    rules = protocols.protocol(protocol)
    scored = measured.scored
    if scored and not (scored.collection == collection and scored.made_by(encoder)):
        scored = None
    if scored is None or scored.protocol != protocol:
        scored = None
        yield measured, {"kind": "busy", "text": "Preparing the encoder…", "share": None}
        bm25 = len(collection.passages) <= BM25_UP_TO
        cache = server.kept_for(visitor, own=not collection.source)
        steps = server.jobs.run(
            visitor, lambda told: score(collection, encoder, cache, told, protocol, bm25)
        )
        for step in steps:
            if isinstance(step, Scored):
                scored = step
            else:
                yield measured, with_stage(step_status(step, "done"), step.what)
    assert scored is not None  # the job either gave one or raised
    evaluation = evaluate(scored, None if rules.weights else settings)
    yield Measured(scored, evaluation), {"kind": "done", "share": 1.0, "text": told(evaluation)}


def told(evaluation: Evaluation) -> str:
    """What was measured, by what, under which settings, in how many seconds."""
    return f"{made(evaluation)} · {sum(evaluation.scored.seconds.values()):.1f} s"


def made(evaluation: Evaluation) -> str:
    """What was measured, by what, under which settings."""
    scored, collection = evaluation.scored, evaluation.scored.collection
    return (
        f"{collection.name}: {len(collection.queries):,} queries against "
        f"{len(collection.passages):,} passages · encoder {scored.encoder.title} "
        f"({scored.encoder.revision}, {scored.encoder.precision}) · "
        f"protocol {evaluation.protocol} · {report.settings_text(evaluation)} · "
        f"{report.truncated_text(evaluation)}"
    )


def with_stage(status: Status, what: str) -> Status:
    """A status that names its stage first."""
    return status | {"text": f"{what[:1].upper()}{what[1:]}: {status['text']}"}


def stopped(measured: Measured) -> Status:
    """After an error or a cancel: what stands below is the earlier evaluation, if any."""
    text = "Stopped."
    if measured.evaluation is not None:
        text = f"Stopped. Below stands {told(measured.evaluation)}"
    return {"kind": "idle", "share": None, "text": text}


def grouping_of(measured: Measured, grouping: str) -> str:
    """The grouping asked for; 'all' where the collection does not tell its queries' group."""
    if measured.evaluation is None or grouping == "all":
        return "all"
    return grouping if measured.evaluation.group(grouping) else "all"


def overall(measured: Measured, grouping: str) -> pd.DataFrame:
    """Modes by measures; or nDCG@10 of each mode by language or kind of query."""
    if measured.evaluation is None:
        return pd.DataFrame()
    modes = measured.evaluation.modes
    if grouping == "all":
        return tables.modes(modes, measured.comparison)
    average = modes if grouping == "language" else None
    return tables.groups(measured.evaluation.group(grouping), average)


def queries(measured: Measured) -> pd.DataFrame:
    """nDCG@10 of every query under every mode."""
    if measured.evaluation is None:
        return pd.DataFrame()
    return tables.queries(measured.evaluation)


def returned(measured: Measured, query_id: str) -> dict[str, Any]:
    """What each mode returned for one query, with the judgements."""
    evaluation = measured.evaluation
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
                "title": protocols.TITLES[mode],
                "score": tables.number(float(numbers[(query_id, mode)])),
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
    return {
        "query": query.text,
        "about": " · ".join(filter(None, about)),
        "modes": modes,
        "ranks": _ranks(evaluation, query_id),
    }


def _ranks(evaluation: Evaluation, query_id: str) -> list[dict[str, Any]]:
    """Where each mode ranked the relevant passages, the most relevant first; None: not returned."""
    scored = evaluation.scored
    grades = scored.collection.qrels[query_id]
    titles = {p.id: p.title for p in scored.collection.passages if p.id in grades}
    places = {
        mode: {scored.ids[row]: n for n, row in enumerate(run[query_id].rows.tolist(), start=1)}
        for mode, run in evaluation.runs.items()
    }
    relevant = sorted((p for p in grades if grades[p] > 0), key=lambda p: -grades[p])[:RANKED]
    return [
        {
            "id": name,
            "title": titles.get(name, ""),
            "grade": grades[name],
            "places": [[mode, places[mode].get(name)] for mode in places],
        }
        for name in relevant
    ]


def download_table(measured: Measured) -> str:
    """A CSV of the table, a line per mode, with what made it in the columns."""
    evaluation = _needed(measured)
    path = _download_folder() / f"{_file_name(measured)}.csv"
    tables.download(evaluation).to_csv(path, index=False)
    return str(path)


def download_runs(measured: Measured) -> str:
    """A zip of what `--output` writes: runs and qrels as TREC files, scores, report and tables."""
    evaluation = _needed(measured)
    return str(bundle.write_zip(evaluation, _download_folder() / f"{_file_name(measured)}.zip"))


def answer(server: Server, name: str) -> dict[str, Any]:
    """What `python -m eval run --json` prints, at the default weights."""
    collection = load(server, name, Taken())
    bm25 = len(collection.passages) <= BM25_UP_TO
    scored = score(collection, server.encoder.get(), server.cache, bm25=bm25)
    return report.as_json(evaluate(scored, FusionSettings()))


def _download_folder() -> Path:
    """A fresh folder; those of more than an hour ago go, since Gradio keeps a copy to serve."""
    home = Path(tempfile.gettempdir()) / "studio-downloads"
    home.mkdir(exist_ok=True)
    for old in home.iterdir():
        with suppress(FileNotFoundError):
            if old.stat().st_mtime < time.time() - 3600:
                shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(dir=home))


def _needed(measured: Measured) -> Evaluation:
    if measured.evaluation is None:
        raise StudioError("There is nothing to download yet. Run an evaluation first.")
    return measured.evaluation


def _file_name(measured: Measured) -> str:
    return _needed(measured).scored.collection.name.replace("/", "-")


def _relevant(grades: Any) -> int:
    return sum(grade > 0 for grade in grades.values())
