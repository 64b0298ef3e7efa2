"""The real weights against the numbers that BAAI publishes on the model card of BAAI/bge-m3.

The card's numbers were computed in float16, ours are in float32. A float16 has 11 significant bits,
so one rounding moves a number below 1 by up to 2^-12 = 0.00025, and 24 layers round many times
over. 0.002 allows for eight such steps.
"""

from __future__ import annotations

import os

import numpy as np
import pytest

from studio import encoders, scoring

PUBLISHED = 0.002
SENTENCES = ["What is BGE M3?", "Defination of BM25"]  # spelled as on the card
PASSAGES = [
    "BGE M3 is an embedding model supporting dense retrieval, lexical matching and "
    "multi-vector interaction.",
    "BM25 is a bag-of-words retrieval function that ranks a set of documents based on the query "
    "terms appearing in each document",
]
SCORES = {  # each sentence with each passage, row by row
    "dense": [0.6260, 0.3474, 0.3499, 0.6782],
    "sparse": [0.19556, 0.0088, 0.0, 0.18030],
    "multi_vector": [0.7796, 0.4621, 0.4524, 0.7899],
}
LEXICAL = {
    "▁What": 0.08356, "▁is": 0.0814, "▁B": 0.1296, "GE": 0.252, "▁M": 0.1702, "3": 0.2695,
    "?": 0.04092,
}  # fmt: skip

pytestmark = pytest.mark.bge_m3


@pytest.fixture(scope="module")
def encoder():
    folder = os.environ.get("STUDIO_BGE_M3")
    if not folder:
        pytest.skip("STUDIO_BGE_M3 is not set: the folder with the real weights of BAAI/bge-m3")
    return encoders.load(folder, device="cpu", precision="float32")


@pytest.fixture(scope="module")
def scores(encoder):
    queries, passages = encoder.encode_queries(SENTENCES), encoder.encode_passages(PASSAGES)
    return {
        "dense": scoring.dense(queries.dense, passages.dense),
        "sparse": scoring.sparse(queries.sparse, passages.sparse),
        "multi_vector": scoring.multi_vector(
            queries.multi_vector, queries.offsets, passages.multi_vector, passages.offsets
        ),
    }


@pytest.mark.parametrize("mode", SCORES)
def test_scores_are_those_of_the_model_card(scores, mode):
    assert scores[mode] == pytest.approx(np.reshape(SCORES[mode], (2, 2)), abs=PUBLISHED)


def test_lexical_weights_are_those_of_the_model_card(encoder):
    row = encoder.encode_queries(SENTENCES[:1]).sparse[[0]]
    found = dict(zip(encoder.pieces(row.indices), row.data.tolist(), strict=True))
    assert found == pytest.approx(LEXICAL, abs=PUBLISHED)
