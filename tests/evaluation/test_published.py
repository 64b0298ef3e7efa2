from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eval import published
from eval.evaluation import Evaluation
from eval.protocols import RUN_MODES
from studio.records import MODES

PAPER = Path(__file__).resolve().parents[3] / "shared" / "reference" / "paper_results.csv"
SYSTEMS = {
    "M3 Dense": "dense",
    "M3 Sparse": "sparse",
    "M3 Multi-vec": "multi_vector",
    "M3 Dense+Sparse": "dense_sparse",
    "M3 All": "fused",
}


def test_every_mode_has_eighteen_languages_and_their_mean() -> None:
    values = published.miracl().values
    assert set(values) == set(RUN_MODES)
    for of_mode in values.values():
        languages = [value for language, value in of_mode.items() if language != "avg"]
        assert len(languages) == 18
        rounding = 0.0005 + 0.0005  # of the languages, and of their mean
        assert of_mode["avg"] == pytest.approx(np.mean(languages), abs=rounding)


def test_the_source_is_named() -> None:
    assert published.miracl().source == "arXiv 2402.03216v4 Table 1"
    assert set(MODES) < set(published.miracl().values)


def test_the_values_are_the_paper_s_divided_by_100() -> None:
    if not PAPER.is_file():
        pytest.skip(f"{PAPER} is not on this machine")
    with PAPER.open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["benchmark"] == "MIRACL"]
    paper = {
        (SYSTEMS[row["system"]], row["language"]): float(row["value"]) / 100
        for row in rows
        if row["system"] in SYSTEMS and row["metric"] == "nDCG@10"
    }
    ours = {
        (mode, language): value
        for mode, of_mode in published.miracl().values.items()
        for language, value in of_mode.items()
    }
    assert ours == pytest.approx(paper, abs=1e-12)


def test_ours_differ_by_encoder_collection_and_protocol(evaluation: Evaluation) -> None:
    encoder, where, protocol = published.differences(evaluation)
    assert encoder == "another encoder (fake · letter counts instead of BAAI/bge-m3)"
    assert where.startswith("another collection (tiny/beir: 5 passages and 3 queries; ")
    assert where.endswith("smallest corpus has 49,043 passages)")
    assert protocol.startswith("another protocol (studio: one pool for all modes")


def test_a_reason_that_does_not_hold_is_not_given(evaluation: Evaluation) -> None:
    scored = evaluation.scored
    m3 = replace(scored, encoder=replace(scored.encoder, name=published.M3))
    assert [r.split(" (")[0] for r in published.differences(replace(evaluation, scored=m3))] == [
        "another collection",
        "another protocol",
    ]
    passages = range(published.MIRACL_PASSAGES["sw"])
    whole = replace(scored.collection, name="miracl/sw", passages=passages)
    same = replace(evaluation, scored=replace(m3, collection=whole), protocol="paper-miracl")
    assert published.differences(same) == []
