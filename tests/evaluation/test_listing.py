"""`python -m eval list`: every named collection and its cost, at once and without a network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval import published
from eval.collection import Listed
from eval.commands.listing import spoken, weighed
from eval.estimate import CHARACTERS, STORED, estimate, measure
from eval.layouts.registry import entries
from tests.fakes import FakeEncoder

ROOT = Path(__file__).resolve().parents[2]
SWAHILI = Listed("miracl/sw", 131_924, 482, ("sw",), "apache-2.0", 230)


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"STUDIO_HOME": str(home), "HF_ENDPOINT": "http://127.0.0.1:9"}
    line = [sys.executable, "-m", "eval", *arguments]
    return subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_json_names_every_collection_with_its_numbers_and_costs(tmp_path: Path) -> None:
    done = run(tmp_path, "list", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    found: dict[str, dict[str, Any]] = {c["name"]: c for c in told["collections"]}
    assert set(found) == {"atlas", *entries()}
    keys = ["name", "passages", "queries", "languages", "licence"]
    assert all(list(c)[:5] == keys and c["encode_seconds"] > 0 for c in found.values())
    assert len(found["atlas"]["languages"]) == 18
    assert (found["miracl/sw"]["passages"], found["miracl/sw"]["queries"]) == (131_924, 482)
    assert told["rate"]["tokens_a_second"] == STORED.tokens_a_second
    assert list(tmp_path.iterdir()) == []


def test_text_has_families_in_a_line_and_their_members_on_request(tmp_path: Path) -> None:
    whole, family = (run(tmp_path, "list", *names).stdout for names in ([], ["mldr"]))
    assert "\nmldr/{ar,de,en," in whole
    assert "\nbeir/nfcorpus  3,633 passages, 323 queries, en; licence not stated; " in whole
    assert len([line for line in family.splitlines() if line.startswith("mldr/")]) == 13
    assert "stored: 64 passages" in whole


def test_the_list_needs_neither_torch_nor_the_libraries_of_statistics(tmp_path: Path) -> None:
    script = (
        "import sys; sys.argv = ['eval', 'list', '--json']\n"
        "from eval.__main__ import main\n"
        "main(); print(*{'torch', 'pandas', 'statsmodels'} & set(sys.modules), file=sys.stderr)"
    )
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr.strip() == ""
    assert time.monotonic() - started < 20  # a second on an idle machine


def test_sizes_agree_with_those_that_published_numbers_are_held_against() -> None:
    known, held = published.sizes(), 0
    for entry in entries().values():
        family, _, subset = entry.name.partition("/")
        benchmark = {"miracl": "MIRACL", "mldr": "MLDR"}.get(family)
        if family == "mteb":
            benchmark, _, subset = subset.partition("/")
        if benchmark and (size := known.get((benchmark, subset or "default", entry.split))):
            assert (entry.passages, entry.queries) == (size.passages, size.queries), entry.name
            held += 1
    assert held > 100


def test_an_estimate_is_worked_out_by_hand() -> None:
    tokens = 131_924 * (2 + 230 / CHARACTERS["sw"])
    found = estimate(SWAHILI, STORED)
    assert found.tokens == round(tokens)
    assert found.seconds == round(tokens / 1_740)
    assert found.bytes == round(131_924 * (4 * 384 + 230) + tokens * (2 * 128 + 8 * 0.65 + 12))


def test_what_the_encoder_cuts_costs_nothing() -> None:
    long = replace(SWAHILI, characters=10**6)
    assert estimate(long, STORED).tokens == 131_924 * 512


def test_a_rate_is_measured_by_the_encoder_itself() -> None:
    rate = measure(FakeEncoder())
    assert rate.tokens_a_second > 0
    assert (rate.dense, rate.multi_vector) == (
        FakeEncoder().dimension,
        FakeEncoder().multi_vector_dimension,
    )
    assert rate.measured == f"measured now: 32 passages of atlas by {FakeEncoder().name}"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (90, "1.5 min"), (1_200, "20 min"), (5_400, "1.5 h"),
     (864_000, "10 d")],
)  # fmt: skip
def test_times_are_spoken_in_their_unit(seconds: int, words: str) -> None:
    assert spoken(seconds) == words


def test_sizes_are_told_in_their_unit() -> None:
    sizes = (44_000_000, 3_140_000_000, 2 * 10**12, 12_000)
    assert [weighed(size) for size in sizes] == ["44 MB", "3.1 GB", "2.0 TB", "0.01 MB"]
