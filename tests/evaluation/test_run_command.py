"""`eval run` in this process, with the letter-counting encoder behind every name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eval import __main__ as command
from eval.protocols import PROTOCOLS, RUN_MODES
from studio import encoders
from tests.fakes import FakeEncoder, NoEncoder

from .conftest import Beir

Run = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def run(
    beir: Beir,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """run(*flags, encoder=…): status, what --json printed, and stderr."""
    folder = beir()

    def call(*flags: str, encoder: FakeEncoder | None = None) -> tuple[int, Any, str]:
        chosen = encoder or FakeEncoder()
        monkeypatch.setattr(encoders, "load", lambda name, **options: chosen)
        line = ["eval", "run", str(folder), "--encoder", "embedded", "--json"]
        monkeypatch.setattr("sys.argv", [*line, "--home", str(tmp_path / "home"), *flags])
        status = command.main()
        printed = capsys.readouterr()
        return status, json.loads(printed.out) if printed.out else None, printed.err

    return call


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_runs_and_the_second_time_without_the_model(run: Run, protocol: str) -> None:
    status, made, _ = run("--protocol", protocol)
    assert (status, made["protocol"]) == (0, protocol)
    assert tuple(made["modes"]) == (*RUN_MODES, "bm25")
    again = run("--protocol", protocol, encoder=NoEncoder())[1]
    assert again["modes"] == made["modes"]
    assert again["encoder"] == made["encoder"]


def test_the_paper_s_weights_are_told(run: Run) -> None:
    for protocol, weights, pair in (
        ("paper-miracl", [1, 0.3, 1], None),  # 1 / 0.3 / 0, the same without ColBERT
        ("paper-mldr", [0.15, 0.5, 0.35], [0.2, 0.8, 0]),
    ):
        settings = run("--protocol", protocol)[1]["settings"]
        assert (settings["weights"], settings.get("dense_sparse")) == (weights, pair)


@pytest.mark.parametrize(
    "given",
    [
        [
            "--weights",
            "1",
            "0.3",
            "1",
        ],  # the protocol's own, and the default, are given all the same
        ["--normalise", "none"],
        ["--method", "weighted"],
        ["--rrf-k", "60"],
    ],
)
def test_fusion_given_where_the_paper_fixes_it_is_refused(run: Run, given: list[str]) -> None:
    status, made, said = run("--protocol", "paper-miracl", *given)
    assert (status, made) == (2, None)
    assert (
        "paper-miracl fixes its weights (dense + sparse 1 / 0.3 / 0, all three 1 / 0.3 / 1" in said
    )
    assert len(said.strip().splitlines()) == 1


@pytest.mark.parametrize("protocol", ["studio", "mteb"])
def test_elsewhere_what_is_not_given_is_the_default(run: Run, protocol: str) -> None:
    made = run("--protocol", protocol, "--method", "rrf")[1]
    assert made["settings"] == {
        "weights": [1.0, 0.3, 1.0],
        "normalise": "none",
        "method": "rrf",
        "rrf_k": 60.0,
    }
    assert run("--protocol", protocol, "--weights", "1", "0", "0")[1]["settings"]["rrf_k"] == 60


def test_bm25_can_be_left_away(run: Run) -> None:
    assert tuple(run("--no-bm25")[1]["modes"]) == RUN_MODES
    assert "bm25" in run("--bm25")[1]["modes"]


def test_a_setting_that_cannot_be_is_refused_before_anything_is_encoded(run: Run) -> None:
    status, _, said = run("--weights", "0", "0", "0", encoder=NoEncoder())
    assert status == 2
    assert "All three weights are 0" in said
