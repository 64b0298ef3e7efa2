"""All modes at one setting of the weights, quickly: what a table beside the sliders shows.

The numbers are those of `evaluation.evaluate`, to 1e-9; counted instead of sorted and asked for, so
that 1,000 queries of 200 candidates take a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from eval import surface
from eval.measures import MEASURES
from eval.protocols import RUN_MODES
from eval.resampling import Strata
from eval.surface import Labelled
from studio.fusion import SPARSE
from studio.records import MODES, Candidates, Floats, FusionSettings

ByMode = dict[str, dict[str, Floats]]
"""Mode → measure → (queries,)."""


def by_mode(
    labels: Labelled,
    settings: FusionSettings,
    measures: Sequence[str] = tuple(MEASURES),
    modes: Sequence[str] = RUN_MODES,
    columns: Sequence[Floats] | None = None,
) -> ByMode:
    """Every query's values; Dense + Sparse is left out where both weigh 0.

    `columns` are `surface.normalised(labels, settings)`, where they are at hand.
    """
    dense, sparse, late = settings.weights
    mixes = {"fused": (dense, sparse, late)}
    if dense or sparse:
        mixes["dense_sparse"] = (dense, sparse, 0.0)
    asked = {mode: mix for mode, mix in mixes.items() if mode in modes}
    found: ByMode = {}
    if asked:
        if columns is None:
            columns = surface.normalised(labels, settings)
        found |= _at(labels, columns, asked, measures)
    raw = surface.normalised(labels, FusionSettings())
    alone: dict[str, tuple[float, ...]] = {mode: _corner(mode) for mode in MODES if mode in modes}
    found |= _at(labels, raw, alone, measures)
    if "sparse" in modes:
        matched = matching(labels)
        raw = surface.normalised(matched, FusionSettings())
        found |= _at(matched, raw, {"sparse": _corner("sparse")}, measures)
    return {mode: found[mode] for mode in RUN_MODES if mode in found}


def means(found: ByMode, languages: Sequence[str]) -> dict[str, dict[str, float]]:
    """Mode → measure → the headline's mean."""
    share = Strata.of(languages, len(languages)).per_query()
    return {
        mode: {name: float(share @ values) for name, values in by.items()}
        for mode, by in found.items()
    }


def by_language(
    found: ByMode, languages: Sequence[str], measure: str
) -> dict[str, dict[str, float]]:
    """Language → mode → mean over its queries."""
    names = np.asarray(languages, dtype=object)
    return {
        name: {mode: float(by[measure][names == name].mean()) for mode, by in found.items()}
        for name in dict.fromkeys(languages)
    }


def matching(labels: Labelled) -> Labelled:
    """Only what shares a token with its query: the sparse ranking returns nothing else."""
    kept = [pool.scores[:, SPARSE] > 0 for pool in labels.candidates]
    pools, places, grades = [], [], []
    for pool, found, where, grade in zip(
        labels.candidates, kept, labels.places, labels.grades, strict=True
    ):
        pools.append(Candidates(pool.query, pool.rows[found], pool.scores[found]))
        there = found[where]
        places.append((np.cumsum(found) - 1)[where[there]])
        grades.append(grade[there])
    return replace(labels, candidates=pools, places=places, grades=grades)


def _corner(mode: str) -> tuple[float, ...]:
    return tuple(float(mode == other) for other in MODES)


def _at(
    labels: Labelled,
    columns: Sequence[Floats],
    mixes: Mapping[str, Sequence[float]],
    measures: Sequence[str],
) -> ByMode:
    if not mixes:
        return {}
    found = surface.measured(labels, columns, np.asarray(list(mixes.values())), measures)
    return {mode: {name: found[name][:, n] for name in measures} for n, mode in enumerate(mixes)}
