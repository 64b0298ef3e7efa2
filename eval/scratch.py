"""A report held against a new evaluation, from scratch: collection, scores, lists and means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from eval import digests, rebuilt, report
from eval.evaluation import Evaluation
from eval.protocols import BM25, Listed
from eval.saved import Saved
from eval.verdict import Verdict
from eval.verify import largest, same_run
from studio.records import MODES, Candidates

NEAR = 1e-4  # of scores that were computed twice, perhaps on two machines
WHOLE = 0.05  # of sums of weights made whole numbers, as a share: one may be rounded otherwise
NUMBERS = 1e-3  # of a mean whose scores were computed twice: a tie may fall the other way


def against(run: Saved, evaluation: Evaluation, told: Verdict) -> None:
    """A new evaluation, from scratch, beside the stored one: collection, scores, means."""
    scored = evaluation.scored
    for part, digest in digests.collection(scored.collection).items():
        if digest == run.about["digests"].get(part):
            told.checked.append(f"the collection's {part}: the same digest")
        else:
            told.differs(f"the collection's {part}: another digest")
    for what, found in report.told_apart(evaluation).items():
        told.same(f"{what} from scratch", run.about[what], found)
    told.same("truncated from scratch", run.about.get("truncated"), dict(scored.truncated))
    if list(scored.ids) != run.about["ids"]:
        return told.differs("other passages, or in another order: no score can be compared")
    _stored(run, evaluation, told)
    if BM25 in evaluation.runs:
        named = {report.one_field(query): one for query, one in evaluation.runs[BM25].items()}
        same_run(run, BM25, named, told)
    for mode, numbers in run.about["modes"].items():
        by = largest(numbers, evaluation.modes.get(mode, {}))
        told.compare(f"{mode}: means from scratch", by, NUMBERS)
    return None


def _stored(run: Saved, evaluation: Evaluation, told: Verdict) -> None:
    """The stored scores, in one pool for all modes or a list per mode."""
    scored = evaluation.scored
    if not scored.lists:
        pools = told.read(lambda: rebuilt.candidates(run))
        if pools is not None:
            _scores(pools, scored.candidates, told)
    elif (kept := told.read(lambda: rebuilt.lists(run))) is not None:
        _same_lists(kept[0], scored.lists, told)
        _scores(kept[1], scored.reranked, told)


def _scores(stored: Sequence[Candidates], fresh: Sequence[Candidates], told: Verdict) -> None:
    """Mode by mode, of the passages that are candidates in both; others are told."""
    if len(stored) != len(fresh):
        return told.differs(f"{len(stored)} queries have candidates, from scratch {len(fresh)}")
    shared = [
        np.intersect1d(a.rows, b.rows, True, True) for a, b in zip(stored, fresh, strict=True)
    ]
    others = sum(
        len(a.rows) + len(b.rows) - 2 * len(rows)
        for a, b, (rows, _, _) in zip(stored, fresh, shared, strict=True)
    )
    if others:
        told.differs(f"{others} passages are candidates in one only, stored or from scratch")
    for n, mode in enumerate(MODES):
        gaps = [
            np.abs(a.scores[left, n] - b.scores[right, n]).max(initial=0.0)
            for a, b, (_, left, right) in zip(stored, fresh, shared, strict=True)
        ]
        told.compare(f"{mode}: scores from scratch", float(max(gaps, default=0.0)), NEAR)
    return None


def _same_lists(
    stored: Mapping[str, Sequence[Listed]], fresh: Mapping[str, Sequence[Listed]], told: Verdict
) -> None:
    """What each mode retrieved, with its scores."""
    for mode, kept in stored.items():
        by = max((_list_gap(a, b) for a, b in zip(kept, fresh[mode], strict=True)), default=0.0)
        whole = any(np.issubdtype(one.scores.dtype, np.integer) for one in kept)
        told.compare(f"{mode}: list from scratch", by, WHOLE if whole else NEAR)


def _list_gap(stored: Listed, fresh: Listed) -> float:
    """The largest difference; of scores above 1, as those of whole numbers, as a share of them.

    What only one list has counts as the other's last: on another machine two passages at the end
    may change places.
    """
    left, right = (
        dict(zip(x.rows.tolist(), x.scores.tolist(), strict=True)) for x in (stored, fresh)
    )
    ends = [min(scores.values(), default=0.0) for scores in (left, right)]
    pairs = [(left.get(r, ends[0]), right.get(r, ends[1])) for r in left.keys() | right.keys()]
    return max((abs(a - b) / max(1, abs(b)) for a, b in pairs), default=0.0)
