"""What each mode costs, and the mixes that a budget leaves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eval import costs
from eval.evaluation import Evaluation
from eval.grid import Limits, simplex
from studio.errors import SettingsError


def test_bytes_are_those_of_the_files_that_a_mode_needs(evaluation: Evaluation) -> None:
    index = evaluation.scored.index
    folder = index.segments[0].path
    dense, sparse, late = costs.bytes_a_passage(index)

    def size(*names: str) -> float:
        arrays = [np.load(Path(folder) / f"{name}.npy") for name in names]
        return sum(array.nbytes for array in arrays) / len(index)

    assert dense == size("dense") == 27 * 4
    assert sparse == size("sparse_data", "sparse_indices")
    assert late == size("multi_vector")


def test_milliseconds_are_measured_for_every_mode(evaluation: Evaluation) -> None:
    found = costs.milliseconds(evaluation.scored)
    assert all(0 < cost < 10_000 for cost in found)


def test_a_budget_leaves_mixes_of_the_modes_that_it_pays_for() -> None:
    found, unit = (1536.0, 320.0, 98304.0), costs.UNITS["bytes"]
    limits = Limits(costs=found, budget=1856, unit=unit)
    kept = simplex(0.1)[limits.allow(simplex(0.1))]
    assert len(kept) == 11  # the edge between dense and sparse
    assert not kept[:, 2].any()
    with pytest.raises(SettingsError, match=r"The cheapest mode costs .* bytes a passage"):
        Limits(costs=found, budget=1, unit=unit).allow(simplex(0.1))


def test_an_unknown_cost_is_refused(evaluation: Evaluation) -> None:
    with pytest.raises(SettingsError, match="'euros' is no cost"):
        costs.costs(evaluation.scored, "euros")  # type: ignore[arg-type]


def test_a_sentence_names_all_three() -> None:
    assert costs.sentence((1536.0, 320.4, 98304.0), "bytes") == (
        "Dense 1,536, sparse 320, ColBERT 98,304 bytes a passage."
    )
