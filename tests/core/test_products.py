"""Both ways of multiplying give the same numbers, and only some processors take the second."""

from __future__ import annotations

import platform
from itertools import pairwise

import numpy as np
import pytest
import torch

from studio import processor, products, scoring
from studio.products import product

pytestmark = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="oneDNN's way is for x86-64"
)


@pytest.fixture(params=[True, False], ids=["onednn", "torch"])
def way(request, monkeypatch) -> bool:
    monkeypatch.setattr(products, "_onednn", lambda: request.param)
    return request.param


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 24), (16, 2_048, 64), (0, 5, 8), (5, 0, 8)])
def test_a_product_is_that_of_every_row_with_every_row(way, shape):
    m, n, d = shape
    rng = np.random.default_rng(1)
    left, right = rng.standard_normal((m, d)), rng.standard_normal((n, d))
    found = product(torch.from_numpy(left).float(), torch.from_numpy(right).float())
    assert found.dtype == torch.float32
    assert found.numpy() == pytest.approx(left @ right.T, abs=1e-4)


def test_rows_of_a_larger_matrix_are_multiplied_as_they_lie(way):
    whole = torch.arange(60, dtype=torch.float32).reshape(6, 10)
    assert torch.equal(product(whole[1:3], whole[2:6]), whole[1:3] @ whole[2:6].T)


def test_late_interaction_is_the_same_either_way(way):
    rng = np.random.default_rng(2)
    lengths = rng.integers(1, 300, 40)
    ends = np.cumsum([0, *lengths])
    passages = rng.standard_normal((ends[-1], 16)).astype(np.float16)
    query = rng.standard_normal((7, 16)).astype(np.float32)
    scores = scoring.multi_vector(query, np.asarray([0, 7]), passages, ends)
    expected = [
        (query @ passages[a:b].astype(np.float32).T).max(axis=1).mean() for a, b in pairwise(ends)
    ]
    assert scores[0] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("maker", "machine", "expected"),
    [
        ("AuthenticAMD", "x86_64", True),
        ("GenuineIntel", "x86_64", False),
        ("AuthenticAMD", "arm64", False),
    ],
)
def test_only_processors_that_gain_by_it_use_it(monkeypatch, tmp_path, maker, machine, expected):
    told = tmp_path / "cpuinfo"
    told.write_text(f"processor\t: 0\nvendor_id\t: {maker}\nmodel name\t: some\n")
    monkeypatch.setattr(processor, "CPUINFO", told)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert products.better() is expected


def test_where_the_system_tells_no_maker_the_processors_name_is_asked(monkeypatch, tmp_path):
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "none")
    monkeypatch.setattr(platform, "processor", lambda: "Intel64 Family 6, GenuineIntel")
    assert not products.better()
    monkeypatch.setattr(platform, "processor", lambda: "AMD64 Family 25, AuthenticAMD")
    assert products.better()
