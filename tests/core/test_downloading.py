"""A download in the background, over HTTP from a stand-in of the Hub: told, cancelled, taken up."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from studio.encoders.choice import choose
from studio.encoders.lazy import READING, LazyEncoder
from studio.encoders.options import Options
from tests import checkpoints
from tests.fakes import FakeEncoder
from tests.hub_server import Hub, instead_of_the_hub

NAME, WEIGHTS = "someone/model", "model.safetensors"
PATIENCE = 60


@pytest.fixture(scope="module")
def files(xlm_roberta, tmp_path_factory) -> dict[str, bytes]:
    """A tiny checkpoint of BGE-M3's layout; its backbone is 8 MB."""
    folder = checkpoints.write(
        tmp_path_factory.mktemp("tiny"), tokenizer=xlm_roberta, hidden=8, layers=1, heads=2,
        intermediate=16,
    )  # fmt: skip
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def server(files, tmp_path):
    with instead_of_the_hub(Hub(dict(files)), tmp_path / "cache") as hub:
        yield hub


@pytest.fixture
def lazy():
    return LazyEncoder.ready(FakeEncoder())


def until(true) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_megabytes_are_told_until_all_is_there_and_then_it_serves(server, lazy):
    server.pause, told = 0.05, set()
    load = lazy.change(choose(NAME), Options(device="cpu"))
    while not lazy.wait(load, 0.02):
        told.add(load.progress)
    assert lazy.get().name == NAME, load.sentence
    assert lazy.get().encode_queries(["fox"]).dense.shape == (1, 8)
    downloads = sorted(done for done, total, what in told if what.startswith("downloading"))
    assert len(downloads) > 3
    assert {what for _, _, what in told} >= {f"downloading {NAME} (MB)", READING}


def test_a_cancelled_download_ends_and_is_taken_up_where_it_was(server, lazy, tmp_path):
    server.pause = 0.05
    serving = lazy.get()
    first = lazy.change(choose(NAME), Options(device="cpu"))
    until(lambda: server.asked_for(WEIGHTS) and partial_bytes(tmp_path) > 1_000_000)
    assert lazy.cancel()
    assert first.sentence.endswith("was cancelled. What has arrived is kept.")
    assert lazy.get() is serving
    time.sleep(0.3)  # whatever is under way when it is cancelled
    kept = partial_bytes(tmp_path)
    time.sleep(0.5)
    assert partial_bytes(tmp_path) == kept > 1_000_000
    server.pause = 0.0
    again = lazy.change(choose(NAME), Options(device="cpu"))
    assert lazy.wait(again, PATIENCE)
    assert lazy.get().name == NAME, again.sentence
    assert server.asked_for(WEIGHTS) == [0, kept]
    assert np.isfinite(lazy.get().encode_queries(["fox"]).dense).all()


def partial_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.studio.incomplete"))
