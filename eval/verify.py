"""A report held against what it was made from, without the model.

Its files by their digests; every ranking and every number again from the stored scores and
judgements. What takes the model is `scratch`'s.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eval import digests, rebuilt, report, saved, several
from eval.evaluation import Runs
from eval.measures import MEASURES
from eval.protocols import BM25, Run
from eval.saved import Saved
from eval.verdict import Verdict
from studio.errors import ReadingError

EXACT = 1e-9  # of numbers that come from the same scores
SUMS = 1e-5  # of sums of the same scores, as a share of them: float32 on perhaps two machines


def opened(folder: Path, told: Verdict) -> Saved:
    """A run folder, whatever its files are like; judgements that cannot be read are none.

    Raises ReadingError where it is no run folder, or run.json says too little.
    """
    about = saved.about(folder)
    path = folder / "qrels.trec"
    judged = told.read(lambda: saved.read_qrels(path)) if path.is_file() else None
    run = Saved(folder, about, judged or {})
    rebuilt.check(run)
    return run


def verify(run: Saved, told: Verdict | None = None) -> Verdict:
    """All that needs no model."""
    told = told or Verdict()
    _files(run, told)
    _report(run, told)
    stored = run.folder / report.scores_file(run.about["protocol"])
    found = (told.read(lambda: rebuilt.runs(run)) if stored.is_file() else None) or {}
    for mode, made in found.items():
        same_run(run, mode, made, told)
    baseline = told.read(lambda: rebuilt.bm25(run)) if run.file(BM25).is_file() else None
    if run.qrels and found:
        _numbers(run, found if baseline is None else {**found, BM25: baseline}, told)
    return told


def languages(folder: Path, parts: Mapping[str, Saved], told: Verdict) -> None:
    """The report over several languages beside the run of each, by the name of its folder."""
    path = folder / "report.json"
    whole = told.read(lambda: _json(path))
    if whole is None:
        return
    named = {report.one_field(str(n)): str(n) for n in whole.get("groups", {}).get("language", {})}
    for gone in [part for part in named if part not in parts]:
        told.differs(f"{folder / gone} holds no run, and report.json has the language {gone}")
    for other in [part for part in parts if part not in named]:
        told.differs(f"{folder / other} holds a run, and report.json has no language {other}")
    if set(named) == set(parts):
        reports = {named[part]: _as_reported(parts[part]) for part in named}
        told.same(
            "report.json", whole, several.together(str(whole.get("collection")), reports), EXACT
        )


def _as_reported(run: Saved) -> dict[str, Any]:
    added = (*rebuilt.NEEDED, "source", "seed", "hardware")
    return {name: value for name, value in run.about.items() if name not in added}


def _files(run: Saved, told: Verdict) -> None:
    known: Mapping[str, str] = run.about["files"]
    for name in report.names(run.about["modes"], run.about["protocol"]):
        if name not in known:
            told.differs(f"run.json holds no digest of {name}")
    there = {n: digests.file(run.folder / n) for n in known if (run.folder / n).is_file()}
    for name, digest in known.items():
        if name not in there:
            told.differs(f"{name} is missing")
        elif there[name] != digest:
            told.differs(f"{name} was changed since it was written")
    same = sum(there.get(name) == digest for name, digest in known.items())
    told.checked.append(f"{same} of {len(known)} files: the same digest")


def _report(run: Saved, told: Verdict) -> None:
    """report.json says what run.json says."""
    path = run.folder / "report.json"
    if path.is_file() and (made := told.read(lambda: _json(path))) is not None:
        told.same("report.json and run.json", made, _as_reported(run))


def same_run(run: Saved, mode: str, made: Run, told: Verdict) -> None:
    """A run's file holds these rankings, and these scores."""
    if not run.file(mode).is_file():
        return
    if (read := told.read(lambda: saved.read_run(run.file(mode)))) is None:
        return
    stored, names = read
    ids = rebuilt.ids(run)
    kept = {query: [names[row] for row in one.rows] for query, one in stored.items()}
    fresh = {q: [ids[row] for row in one.rows] for q, one in made.items() if len(one.rows)}
    moved = [query for query in kept.keys() | fresh.keys() if kept.get(query) != fresh.get(query)]
    if moved:
        told.differs(f"runs/{mode}.trec: {len(moved)} queries rank otherwise from the scores")
    else:
        told.checked.append(f"{mode}: the same ranking for {len(made):,} queries")
    same = kept.keys() - set(moved)
    by = max((_share(stored[query].scores, made[query].scores) for query in same), default=0.0)
    told.compare(f"runs/{mode}.trec: scores", by, SUMS)


def _share(stored: np.ndarray[Any, Any], fresh: np.ndarray[Any, Any]) -> float:
    """The largest difference; of scores above 1 as a share of them."""
    gap = np.abs(stored.astype(float) - fresh.astype(float))
    return float(np.max(gap / np.maximum(1, np.abs(fresh)), initial=0.0))


def _numbers(run: Saved, found: Runs, told: Verdict) -> None:
    """Each query's values, the means, and all else that the report says in numbers."""
    table = rebuilt.table(run, found)
    if (run.folder / "per_query.csv").is_file():
        stored = told.read(lambda: rebuilt.per_query(run))
        if stored is not None:
            _same_table(stored, table.set_index(["mode", "query"]), told)
    made = rebuilt.report_of(run, found, table)
    for mode, numbers in run.about["modes"].items():
        told.compare(f"{mode}: means", largest(numbers, made["modes"].get(mode, {})), EXACT)
    for name in ("queries", "passages", "groups", "missing", "gaps"):
        told.same(name, run.about.get(name), made[name], EXACT)


def _same_table(stored: pd.DataFrame, fresh: pd.DataFrame, told: Verdict) -> None:
    shared = fresh.index.intersection(stored.index)
    for what, more in (("lacks", len(fresh)), ("has too many of", len(stored))):
        if more > len(shared):
            told.differs(f"per_query.csv {what} the rows of {more - len(shared)} modes and queries")
    gap = (fresh.loc[shared, list(MEASURES)] - stored.loc[shared]).abs().to_numpy()
    told.compare("per_query.csv", float(gap.max(initial=0.0)), EXACT)


def largest(told: Mapping[str, float], found: Mapping[str, float]) -> float:
    """The largest difference; NaN where one has a number that the other lacks."""
    if set(told) != set(found):
        return float("nan")
    return max((abs(told[name] - found[name]) for name in told), default=0.0)


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ReadingError(f"{path} cannot be read ({error}).") from error
    if not isinstance(value, dict):
        raise ReadingError(f"{path} holds no object.")
    return value
