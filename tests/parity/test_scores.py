"""Our three scores and their weighted means against `M3Embedder.compute_score`, pair by pair."""

from __future__ import annotations

import numpy as np
import pytest

from studio import encoders, scoring
from tests import checkpoints
from tests.parity.reference import Job
from tests.parity.test_encodings import NEAR, ODD, SCRIPTS, SPELLED

WEIGHTS = {  # dense, sparse, ColBERT
    "default": None,
    "MIRACL": [1, 0.3, 1],
    "MLDR": [0.4, 0.2, 0.4],
}
FOX, MASK = SCRIPTS[0], next(iter(SPELLED))
PAIRS = [
    ("Who runs at night?", FOX),
    (FOX, FOX),
    ("fox", FOX),
    ("red fox red fox", "fox night fox"),
    ("лиса ночью", SCRIPTS[2]),
    ("Where does the fox sleep?", SCRIPTS[1]),
    ("狐狸", SCRIPTS[8]),
    ("여우", SCRIPTS[9]),
    ("", FOX),
    ("fox", ""),
    (MASK, "one <mask> in the end </s> of it"),
    (ODD[10], ODD[12]),
    ("nothing in common", SCRIPTS[5]),
]
NAMES = ("colbert", "sparse", "dense", "sparse+dense", "colbert+sparse+dense")


@pytest.fixture(scope="module", params=[{"seed": 1}, {"seed": 2, "colbert_dim": 16}], ids=str)
def checkpoint(request, xlm_roberta, tmp_path_factory):
    folder = checkpoints.write(
        tmp_path_factory.mktemp("m3"), tokenizer=xlm_roberta, **request.param
    )
    return folder, {"colbert_dim": request.param.get("colbert_dim", -1)}


@pytest.fixture(scope="module")
def theirs(ask, checkpoint):
    """By weights: pairs one at a time, since a batch pads (and scores) with vectors of zeros."""
    folder, settings = checkpoint
    jobs = [
        Job("compute_score", PAIRS, {"batch_size": 1, "weights_for_different_modes": weights})
        for weights in WEIGHTS.values()
    ]
    return dict(zip(WEIGHTS, ask(folder, jobs, **settings), strict=True))


@pytest.fixture(scope="module")
def ours(checkpoint):
    """dense, sparse, ColBERT: our scores of every pair."""
    encoder = encoders.load(str(checkpoint[0]), device="cpu")
    queries = encoder.encode_queries([query for query, _ in PAIRS])
    passages = encoder.encode_passages([passage for _, passage in PAIRS])
    matrices = (
        scoring.dense(queries.dense, passages.dense),
        scoring.sparse(queries.sparse, passages.sparse),
        scoring.multi_vector(
            queries.multi_vector, queries.offsets, passages.multi_vector, passages.offsets
        ),
    )
    return tuple(np.diagonal(matrix) for matrix in matrices)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("setting", WEIGHTS)
def test_every_score_is_the_references(theirs, ours, setting, name):
    dense, sparse, colbert = ours
    w_dense, w_sparse, w_colbert = WEIGHTS[setting] or [1, 1, 1]
    both = w_dense * dense + w_sparse * sparse
    expected = {
        "dense": dense,
        "sparse": sparse,
        "colbert": colbert,
        "sparse+dense": both / (w_dense + w_sparse),
        "colbert+sparse+dense": (both + w_colbert * colbert) / (w_dense + w_sparse + w_colbert),
    }
    assert theirs[setting][name] == pytest.approx(expected[name], abs=NEAR)


def test_the_pairs_tell_scores_apart(ours):
    """Every mode has scores that differ; the sparse one knows both a match and none."""
    assert [bool(np.ptp(scores) > 0.05) for scores in ours] == [True, True, True]
    assert 3 < (ours[1] > 0.001).sum() < len(PAIRS)
