"""app.py as it is started: `python app.py`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.e2e.conftest import free_port

ROOT = Path(__file__).parents[2]
SOON = 15  # seconds until the page answers, weights loaded or not


def test_the_page_answers_soon_and_its_address_is_printed(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log.txt"
    url = f"http://127.0.0.1:{port}"
    flags = ["--port", str(port), "--home", str(tmp_path / "home"), "--encoder", "embedded"]
    with log.open("wb") as out:
        app = subprocess.Popen(
            [sys.executable, "app.py", *flags], cwd=ROOT, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            page = answered(url, time.monotonic() + SOON)
            until = time.monotonic() + SOON
            while url not in log.read_text("utf-8") and time.monotonic() < until:
                time.sleep(0.1)
        finally:
            app.terminate()
            app.wait(20)
    assert "Hybrid Retrieval Studio" in page
    assert url in log.read_text("utf-8")


def answered(url: str, until: float) -> str:
    """What GET / gives, asked for until then."""
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return str(response.read().decode())
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def test_an_encoder_that_does_not_exist_ends_in_a_sentence() -> None:
    line = [sys.executable, "app.py", "--encoder", "nothing-of-the-kind"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("app.py: There is no encoder 'nothing-of-the-kind'.")


@pytest.mark.parametrize(
    ("variables", "flags", "said"),
    [
        ({"STUDIO_BUDGET": "plenty"}, [], "STUDIO_BUDGET is 'plenty'; it must be a whole number."),
        ({"STUDIO_PRECISION": "int4"}, [], "Precision 'int4' is unknown."),
        ({}, ["--query-tokens", "2"], "A limit of 2 query tokens cannot be set."),
    ],
)
def test_nonsense_about_the_encoder_ends_in_a_sentence(
    variables: dict[str, str], flags: list[str], said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "app.py", *flags], cwd=ROOT, capture_output=True, text=True, timeout=60,
        env=os.environ | variables,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith(f"app.py: {said}")
    assert done.stderr.count("\n") == 1


SPACES = """
import sys

assert "torch" not in sys.modules, "spaces must come before torch"

def GPU(function, duration):
    print("lends a GPU to", function.__name__)
    return function
"""


def test_on_zero_gpu_the_function_that_borrows_the_gpu_is_known_from_the_start(
    tmp_path: Path,
) -> None:
    (tmp_path / "spaces.py").write_text(SPACES, "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", "import app"], cwd=ROOT, capture_output=True, text=True, timeout=60,
        env=os.environ | {"SPACES_ZERO_GPU": "true", "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "lends a GPU to passes\n"), done.stderr
