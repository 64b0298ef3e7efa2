"""assets/page/fusion.js and studio/fusion.py give the same bits."""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from studio.fusion import rank
from studio.records import METHODS, NORMALISATIONS, Candidates, FusionSettings

SCRIPT = Path(__file__).parents[2] / "assets" / "page" / "fusion.js"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
WEIGHTS = ((1, 0.3, 1), (0.15, 0.5, 0.35), (0, 1, 0), (0.37, 0.2, 0.9))
EVERY = [
    FusionSettings(weights, normalise, method, k)
    for weights, normalise, method, k in product(WEIGHTS, NORMALISATIONS, METHODS, (60, 0.5, 0))
]

pytestmark = pytest.mark.e2e


def random_scores(n: int, digits: int = 7) -> np.ndarray:
    """Scores as an index gives them, float32; one digit makes many ties."""
    scores = np.random.default_rng(n).normal(size=(n, 3)).round(digits).astype(np.float32)
    scores[:, 1] = np.maximum(scores[:, 1], 0)
    return scores


POOLS = {
    "no candidate": np.zeros((0, 3), np.float32),
    "one candidate": random_scores(1),
    "two": random_scores(2),
    "all equal": np.full((9, 3), 0.1, np.float32),
    "a constant mode": np.column_stack([random_scores(7)[:, :2], np.full(7, 0.1, np.float32)]),
    "no token shared": random_scores(20) * np.asarray([1, 0, 1], np.float32),
    "many ties": random_scores(500, digits=1),
    "whole numbers": random_scores(100, digits=0),
    "a full pool": random_scores(2_000),
}


@pytest.fixture(scope="module")
def page():
    sync_api = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("Chromium is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.add_script_tag(path=SCRIPT)
        yield page
        browser.close()


@pytest.mark.parametrize("name", POOLS)
def test_the_browser_ranks_bit_for_bit_as_python_does(page, name):
    scores = POOLS[name]
    candidates = Candidates("q", np.arange(len(scores)), scores)
    chosen = EVERY if len(scores) < 300 else EVERY[::7]  # the transfer is slow, not the ranking
    answers = page.evaluate(
        "([scores, all]) => all.map((settings) => window.studio.rank(scores, settings))",
        [scores.T.astype(float).tolist(), [asdict(settings) for settings in chosen]],
    )
    for settings, answer in zip(chosen, answers, strict=True):
        ranking = rank(candidates, settings)
        assert answer["order"] == ranking.order.tolist(), settings
        assert answer["total"] == ranking.total.tolist(), settings
        for part in ("ranks", "normalised", "contributions"):
            assert answer[part] == getattr(ranking, part).T.tolist(), (part, settings)
