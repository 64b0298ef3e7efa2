"""python -m eval sweep, on a collection and on a folder that `eval run --output` wrote."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval import __main__ as command
from eval import report
from eval.commands import sweep as verb
from eval.evaluation import Evaluation
from tests.evaluation.conftest import Beir
from tests.fakes import FakeEncoder

Sweep = Callable[..., tuple[int, str, str]]


@pytest.fixture
def sweep(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Sweep:
    """sweep(collection and flags…) → status, what was printed, what was complained of."""
    monkeypatch.setattr(verb, "deferred", lambda *_: FakeEncoder())

    def called(*arguments: str | Path) -> tuple[int, str, str]:
        line = ["eval", "sweep", *map(str, arguments), "--home", str(tmp_path / "home")]
        monkeypatch.setattr("sys.argv", line)
        status = command.main()
        return status, *capsys.readouterr()

    return called


@pytest.fixture
def answer(sweep: Sweep) -> Callable[..., dict[str, Any]]:
    def called(*arguments: str | Path) -> dict[str, Any]:
        status, out, _ = sweep(*arguments, "--folds", "3", "--json")
        assert (status, out.count("\n")) == (0, 1)
        return json.loads(out)

    return called


@pytest.fixture
def written(evaluation: Evaluation, tmp_path: Path) -> Path:
    report.write(evaluation, tmp_path / "run")
    return tmp_path / "run"


def test_a_collection_gives_the_points_the_baselines_and_a_verdict(
    answer: Callable[..., dict[str, Any]], beir: Beir
) -> None:
    told = answer(beir())
    assert len(told["points"]) == 231
    assert all(abs(sum(point["weights"]) - 1) < 1e-12 for point in told["points"])
    assert told["best"]["nDCG@10"] == max(point["nDCG@10"] for point in told["points"])
    assert set(told["baselines"]) == {
        "dense", "sparse", "multi_vector", "equal", "paper-miracl", "paper-mldr", "rrf"
    }  # fmt: skip
    assert {"gain", "interval", "kept", "lost"} <= set(told["held_out"])
    assert told["verdict"] in ("keep the default", "use the tuned weights")
    assert told["collection"] == "tiny/beir"
    assert told["encoder"]["name"] == "fake"


def test_a_run_folder_gives_the_numbers_of_its_collection(
    answer: Callable[..., dict[str, Any]], written: Path, evaluation: Evaluation
) -> None:
    told = answer(written, "--step", "0.5")
    assert len(told["points"]) == 6
    assert told["baselines"]["paper-miracl"] == pytest.approx(evaluation.modes["fused"]["nDCG@10"])
    for mode in ("dense", "sparse", "multi_vector"):
        assert told["baselines"][mode] == pytest.approx(evaluation.modes[mode]["nDCG@10"])


def test_limits_and_measure_are_kept(answer: Callable[..., dict[str, Any]], written: Path) -> None:
    told = answer(written, "--measure", "mrr@10", "--most", "1", "1", "0", "--step", "0.25")
    assert {point["weights"][2] for point in told["points"]} == {0.0}
    assert told["measure"] == "MRR@10"
    assert np.isfinite([point["MRR@10"] for point in told["points"]]).all()


def test_the_page_for_people_begins_with_the_verdict(sweep: Sweep, written: Path) -> None:
    status, out, _ = sweep(written, "--folds", "3", "--step", "0.5")
    assert status == 0
    assert "Verdict: " in out
    assert "Label power: " in out


def test_output_writes_the_points(sweep: Sweep, written: Path, tmp_path: Path) -> None:
    assert sweep(written, "--folds", "3", "--step", "0.5", "--output", tmp_path / "out")[0] == 0
    text = (tmp_path / "out" / "points.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == 6
    assert json.loads((tmp_path / "out" / "sweep.json").read_text("utf-8"))["measure"] == "nDCG@10"


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--step", "0.3"), "does not divide 1"),
        (("--folds", "7"), "7 folds of 3 queries"),
        (("--measure", "bleu"), "no measure"),
        (("--least", "0.9", "0.9", "0"), "None of the 231"),
        (("--rrf-k", "-1", "--method", "rrf"), "RRF's k"),
    ],
)
def test_what_can_be_mended_is_a_sentence(
    sweep: Sweep, written: Path, flags: tuple[str, ...], says: str
) -> None:
    status, out, complaint = sweep(written, *flags)
    assert (status, out) == (2, "")
    assert says in complaint
    assert complaint.count("\n") == 1


def test_runs_without_filled_candidates_are_refused(sweep: Sweep, written: Path) -> None:
    about = json.loads((written / "run.json").read_text("utf-8"))
    (written / "run.json").write_text(json.dumps(about | {"protocol": "paper-miracl"}), "utf-8")
    status, _, complaint = sweep(written)
    assert status == 2
    assert "paper-miracl" in complaint


def test_a_broken_candidates_file_is_named(sweep: Sweep, written: Path) -> None:
    (written / "candidates.npz").write_bytes(b"PK")
    status, _, complaint = sweep(written)
    assert status == 2
    assert "candidates.npz" in complaint


def test_a_budget_of_bytes_leaves_out_what_it_cannot_pay_for(
    answer: Callable[..., dict[str, Any]], sweep: Sweep, beir: Beir
) -> None:
    folder = beir()
    told = answer(folder, "--most-bytes", "108")
    assert {tuple(point["weights"]) for point in told["points"]} & {(1, 0, 0)}
    assert all(point["weights"][2] == 0 for point in told["points"])
    assert told["costs"]["of"][0] == 108
    status, out, _ = sweep(folder, "--most-bytes", "108", "--folds", "3")
    assert status == 0
    assert "at most 108 bytes a passage: Dense 108.00" in out


def test_a_run_folder_knows_no_costs(sweep: Sweep, written: Path) -> None:
    status, _, complained = sweep(written, "--most-ms", "5", "--folds", "3")
    assert status == 2
    assert "keeps scores and no vectors" in complained
