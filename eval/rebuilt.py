"""A run folder's rankings and numbers again, from its stored scores and judgements. No model.

BM25 alone is taken from its own file: no scores are stored of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from eval import gaps, measures, protocols, report, saved
from eval.cache import UNREADABLE
from eval.evaluation import Runs
from eval.grouping import GROUPINGS
from eval.pools import unpacked_lists
from eval.protocols import BM25, Listed, Ranked, Run
from eval.saved import Saved
from studio.errors import ReadingError, StudioError
from studio.records import Candidates, FusionSettings

T = TypeVar("T")
NEEDED: dict[str, type] = {"ids": list, "languages": dict, "digests": dict, "parts": dict,
                           "cut": list, "files": dict}  # fmt: skip


def check(run: Saved) -> None:
    """Raises ReadingError where run.json does not hold what verifying takes."""
    lacks = [name for name, kind in NEEDED.items() if not isinstance(run.about.get(name), kind)]
    if lacks:
        raise ReadingError(
            f"{run.folder / 'run.json'} does not hold {', '.join(lacks)}, which verifying takes. "
            "Write the folder again with `python -m eval run … --output`."
        )


def queries(run: Saved) -> list[str]:
    """The judged queries, as the TREC files name them, in the collection's order."""
    return [report.one_field(str(query)) for query in run.about["languages"]]


def ids(run: Saved) -> list[str]:
    """Every passage of the corpus by row, as the TREC files name them."""
    return [report.one_field(str(name)) for name in run.about["ids"]]


def settings(run: Saved) -> FusionSettings:
    """The weights and the rest as run.json has them. Raises ReadingError.

    Also where its protocol fixes others.
    """
    told = run.about["settings"]
    try:
        given = FusionSettings(
            tuple(told["weights"]), told["normalise"], told["method"], told["rrf_k"]
        )
        return protocols.protocol(run.about["protocol"]).settings(given)
    except (KeyError, TypeError, StudioError) as error:
        raise ReadingError(f"{run.folder / 'run.json'} has no valid settings ({error}).") from error


def runs(run: Saved) -> Runs:
    """Every mode's run from the stored scores, under the run's protocol and settings."""
    rules = protocols.protocol(run.about["protocol"])
    names, chosen = queries(run), settings(run)
    if rules.pool == "paper":
        kept, reranked = lists(run)
        weights = rules.weights or (chosen, chosen)
        places = rules.places(run.about["ids"])
        return dict(protocols.paper_runs(kept, reranked, names, weights, places))
    pools = candidates(run)
    if rules.pool == "studio":
        return dict(protocols.studio(pools, names, chosen))
    removes = protocols.takes_itself_away(run.about["collection"])
    places = rules.places(run.about["ids"])
    return dict(protocols.mteb_runs(pools, names, chosen, ids(run), places, removes))


def candidates(run: Saved) -> list[Candidates]:
    """The stored pools, checked against the queries and the corpus. Raises ReadingError."""
    path = run.folder / "candidates.npz"
    pools = saved.candidates(run)
    if [pool.query for pool in pools] != queries(run):
        raise ReadingError(f"{path} holds other queries than run.json names.")
    _in_corpus(path, run, [pool.rows for pool in pools])
    return pools


def lists(run: Saved) -> tuple[dict[str, list[Listed]], list[Candidates]]:
    """The stored lists of a `paper-*` run and dense's best 200. Raises ReadingError."""
    path = run.folder / "lists.npz"

    def reading() -> tuple[dict[str, list[Listed]], list[Candidates]]:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
        kept, reranked = unpacked_lists(found, queries(run))
        if any(len(of_mode) != len(reranked) for of_mode in kept.values()):
            raise ValueError("not a list for each query")
        return {mode: kept[mode] for mode in protocols.RUN_MODES[:3]}, reranked

    kept, reranked = _readable(path, reading)
    _in_corpus(path, run, [one.rows for of_mode in kept.values() for one in of_mode])
    _in_corpus(path, run, [one.rows for one in reranked])
    return kept, reranked


def bm25(run: Saved) -> Run:
    """BM25's run from its file, in the corpus' rows. Raises ReadingError."""
    stored, names = saved.read_run(run.file(BM25))
    rows = {name: row for row, name in enumerate(ids(run))}
    if unknown := [name for name in names if name not in rows]:
        raise ReadingError(
            f"{run.file(BM25)} names {len(unknown)} passages that the corpus does not hold, "
            f"{unknown[0]} the first."
        )
    return {
        query: Ranked(np.asarray([rows[names[row]] for row in one.rows]), one.scores)
        for query, one in stored.items()
    }


def table(run: Saved, found: Runs) -> pd.DataFrame:
    """Each query's measures under each mode, of the modes that have numbers."""
    numbers = measures.per_query(run.qrels, found, ids(run))
    return numbers[[run.measured(mode) for mode in numbers["mode"]]]


def report_of(run: Saved, found: Runs, numbers: pd.DataFrame) -> dict[str, Any]:
    """What report.json says in numbers, of the modes found: groups, what is missing, gaps."""
    languages = run.languages()
    decimals = protocols.protocol(run.about["protocol"]).decimals

    def means(part: pd.DataFrame, of: Mapping[str, str]) -> dict[str, dict[str, float]]:
        return measures.rounded(measures.means(part, of), decimals)

    measured = {mode: one for mode, one in found.items() if run.measured(mode)}
    cut = {report.one_field(str(query)) for query in run.about["cut"]}
    return {
        "queries": len(run.qrels),
        "passages": len(ids(run)),
        "modes": {mode: {} for mode in found} | means(numbers, languages),
        "groups": {
            by: {
                value: {mode: {} for mode in found}
                | means(numbers[numbers["query"].isin(map(report.one_field, names))], {})
                for value, names in run.about["parts"].get(by, {}).items()
            }
            for by in GROUPINGS
        },
        "missing": measures.missing(found, list(run.qrels)),
        "gaps": {
            "condensed": gaps.without_unjudged(run.qrels, measured, ids(run), languages),
            "cut": {
                "queries": len(cut),
                "modes": gaps.sides(numbers, cut),
            },
        },
    }


def per_query(run: Saved) -> pd.DataFrame:
    """per_query.csv, by mode and query, of the modes that have numbers. Raises ReadingError."""
    path = run.folder / "per_query.csv"

    def reading() -> pd.DataFrame:
        read = pd.read_csv(path, dtype={"mode": str, "query": str}, keep_default_na=False)
        read = read[[run.measured(mode) for mode in read["mode"]]]
        read["query"] = [report.one_field(query) for query in read["query"]]
        numbers = read[list(measures.MEASURES)].astype(float)
        return numbers.set_axis(pd.MultiIndex.from_frame(read[["mode", "query"]]))

    found = _readable(path, reading)
    if found.index.has_duplicates:
        mode, query = found.index[found.index.duplicated()][0]
        raise ReadingError(f"{path} has {query} under {mode} twice.")
    return found


def _in_corpus(path: Path, run: Saved, parts: Sequence[np.ndarray[Any, Any]]) -> None:
    size = len(run.about["ids"])
    if any(len(rows) and not 0 <= rows.min() <= rows.max() < size for rows in parts):
        raise ReadingError(f"{path} holds passages that are none of the corpus' {size:,}.")


def _readable(path: Path, reading: Callable[[], T]) -> T:
    try:
        return reading()
    except (*UNREADABLE, IndexError, TypeError) as error:
        raise ReadingError(f"{path} cannot be read ({error}). Write the folder again.") from error
