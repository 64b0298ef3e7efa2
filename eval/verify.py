"""A report checked against what it was made from: its files, its scores, and, if asked, all anew.

Without the model: every ranking and every number again from the stored scores and judgements. With
it: the collection's digests, the scores from scratch, and the numbers that these give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eval import digests, measures, protocols, report, saved
from eval.evaluation import Scored
from eval.measures import MEASURES
from eval.pools import unpacked_lists
from eval.protocols import BM25, Run
from eval.saved import Saved
from studio.errors import ReadingError
from studio.records import MODES, Candidates, FusionSettings

EXACT = 1e-9  # of numbers that come from the same scores
NEAR = 1e-4  # of scores that were computed twice, perhaps on two machines
NUMBERS = 1e-3  # of a mean whose scores were computed twice: a tie may fall the other way


@dataclass(frozen=True)
class Difference:
    """What is not as the report says; `by` how much at most, where that is a number."""

    what: str
    by: float | None = None


@dataclass
class Verdict:
    """What was checked, and what differed."""

    checked: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)

    def compare(self, what: str, by: float, most: float) -> None:
        """Note a largest difference, and whether it is too large; NaN is."""
        if by <= most:
            self.checked.append(f"{what}: largest difference {by:.1e}")
        else:
            self.differences.append(Difference(what, by))

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "agrees": not self.differences,
            "checked": self.checked,
            "differences": [asdict(one) for one in self.differences],
        }

    def as_text(self) -> str:
        """For a terminal."""
        lines = [f"agrees   {line}" for line in self.checked]
        for one in self.differences:
            lines.append(f"DIFFERS  {one.what}" + ("" if one.by is None else f": by {one.by:.3g}"))
        count = len(self.differences)
        said = "Everything agrees." if not count else f"{count} of these differ from the report."
        return "\n".join([*lines, said])


def verify(run: Saved) -> Verdict:
    """All that needs no model."""
    told = Verdict()
    _files(run, told)
    runs = recomputed(run)
    ids = [report.one_field(name) for name in run.about["ids"]]
    for mode, made in runs.items():
        _same_run(run, mode, made, ids, told)
    kept = runs | ({BM25: _from_file(run, ids)} if BM25 in run.modes else {})
    table = measures.per_query(run.qrels, kept, ids)
    _numbers(run, table, told)
    return told


def recomputed(run: Saved) -> dict[str, Run]:
    """Every mode's run from the stored scores, under the run's protocol and settings."""
    rules = protocols.protocol(run.about["protocol"])
    settings = settings_of(run)
    queries = [report.one_field(query) for query in run.about["languages"]]
    ids = run.about["ids"]
    if rules.pool == "paper":
        lists, reranked = _lists(run, queries)
        weights = rules.weights or (settings, settings)
        return dict(protocols.paper_runs(lists, reranked, queries, weights, rules.places(ids)))
    pools = saved.candidates(run)
    names = [pool.query for pool in pools]
    if rules.pool == "studio":
        return dict(protocols.studio(pools, names, settings))
    removes = protocols.takes_itself_away(run.about["collection"])
    quoted = [report.one_field(name) for name in ids]
    return dict(protocols.mteb_runs(pools, names, settings, quoted, rules.places(ids), removes))


def settings_of(run: Saved) -> FusionSettings:
    """The weights and the rest as run.json has them. Raises ReadingError."""
    told = run.about["settings"]
    try:
        return FusionSettings(
            tuple(told["weights"]), told["normalise"], told["method"], told["rrf_k"]
        )
    except (KeyError, TypeError) as error:
        raise ReadingError(f"{run.folder / 'run.json'} does not tell its settings.") from error


def against(run: Saved, scored: Scored, told: Verdict) -> None:
    """Scores computed from scratch beside the stored ones, mode by mode."""
    for part, digest in digests.collection(scored.collection).items():
        if digest == run.about["digests"][part]:
            told.checked.append(f"the collection's {part}: the same digest")
        else:
            told.differences.append(Difference(f"the collection's {part} are others"))
    if scored.lists:
        queries = [report.one_field(query.id) for query in scored.collection.queries]
        _, stored = _lists(run, queries)
        _scores(stored, scored.reranked, told)
    else:
        _scores(saved.candidates(run), scored.candidates, told)


def numbers_from_scratch(
    run: Saved, modes: Mapping[str, Mapping[str, float]], told: Verdict
) -> None:
    """Means of a new evaluation beside the report's."""
    for mode, numbers in run.about["modes"].items():
        by = _largest(numbers, modes.get(mode, {}))
        told.compare(f"{mode}: means from scratch", by, NUMBERS)


def _files(run: Saved, told: Verdict) -> None:
    known: Mapping[str, str] = run.about.get("files", {})
    if not known:
        told.differences.append(Difference("run.json holds no digests of its files"))
    there = {n: digests.file(run.folder / n) for n in known if (run.folder / n).is_file()}
    for name, digest in known.items():
        if name not in there:
            told.differences.append(Difference(f"{name} is missing"))
        elif there[name] != digest:
            told.differences.append(Difference(f"{name} was changed since it was written"))
    same = sum(there.get(name) == digest for name, digest in known.items())
    told.checked.append(f"{same} of {len(known)} files: the same digest")


def _same_run(run: Saved, mode: str, made: Run, ids: Sequence[str], told: Verdict) -> None:
    if mode not in run.modes:
        return
    stored, names = run.run(mode)
    moved = sum(
        [names[row] for row in stored[query].rows] != [ids[row] for row in ranked.rows]
        if query in stored
        else len(ranked.rows) > 0
        for query, ranked in made.items()
    )
    if moved:
        what = f"runs/{mode}.trec: {moved} queries rank otherwise from the stored scores"
        told.differences.append(Difference(what))
    else:
        told.checked.append(f"{mode}: the same ranking for {len(made):,} queries")


def _from_file(run: Saved, ids: Sequence[str]) -> Run:
    """A run that no scores are stored of, in rows of `ids`."""
    stored, names = run.run(BM25)
    rows = {name: row for row, name in enumerate(ids)}
    return {
        query: protocols.Ranked(np.asarray([rows[names[row]] for row in one.rows]), one.scores)
        for query, one in stored.items()
    }


def _numbers(run: Saved, table: pd.DataFrame, told: Verdict) -> None:
    """Each query's values, and the means, of the modes that have numbers."""
    table = table[[run.measured(mode) for mode in table["mode"]]]
    path = run.folder / "per_query.csv"
    try:
        stored = pd.read_csv(path, dtype={"query": str}).set_index(["mode", "query"])
        fresh = table.assign(query=table["query"]).set_index(["mode", "query"])
        stored.index = stored.index.set_levels(
            [report.one_field(str(q)) for q in stored.index.levels[1]], level=1
        )
        gap = (fresh[list(MEASURES)] - stored.loc[fresh.index, list(MEASURES)]).abs()
        told.compare("per_query.csv", float(gap.to_numpy().max()), EXACT)
    except (OSError, ValueError, KeyError) as error:
        told.differences.append(Difference(f"per_query.csv cannot be read ({error})"))
    decimals = protocols.protocol(run.about["protocol"]).decimals
    fresh_means = measures.means(table, run.languages())
    for mode, numbers in run.about["modes"].items():
        found = fresh_means.get(mode, {})
        if decimals is not None:
            found = {name: round(value, decimals) for name, value in found.items()}
        told.compare(f"{mode}: means", _largest(numbers, found), EXACT)


def _largest(told: Mapping[str, float], found: Mapping[str, float]) -> float:
    """The largest difference; NaN where one has a number that the other lacks."""
    if set(told) != set(found):
        return float("nan")
    return max((abs(told[name] - found[name]) for name in told), default=0.0)


def _scores(stored: Sequence[Candidates], fresh: Sequence[Candidates], told: Verdict) -> None:
    pairs = list(zip(stored, fresh, strict=False))
    if len(stored) != len(fresh) or any(not np.array_equal(a.rows, b.rows) for a, b in pairs):
        told.differences.append(Difference("other passages are candidates from scratch"))
        return
    for n, mode in enumerate(MODES):
        by = max(
            (float(np.abs(a.scores[:, n] - b.scores[:, n]).max()) for a, b in pairs), default=0
        )
        told.compare(f"{mode}: scores from scratch", by, NEAR)


def _lists(run: Saved, queries: Sequence[str]) -> tuple[dict[str, Any], list[Candidates]]:
    path: Path = run.folder / "lists.npz"
    try:
        with np.load(path, allow_pickle=False) as arrays:
            lists, reranked = unpacked_lists({name: arrays[name] for name in arrays.files}, queries)
            return dict(lists), reranked
    except (OSError, ValueError, KeyError) as error:
        raise ReadingError(f"{path} cannot be read ({error}). Write the folder again.") from error
