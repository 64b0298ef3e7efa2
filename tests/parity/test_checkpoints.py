"""The random checkpoints themselves: transformers reads them alike, and texts differ in them."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from studio import encoders
from tests import checkpoints
from tests.parity.test_encodings import CHECKPOINTS, SPELLED, TEXTS


@pytest.fixture(scope="module")
def folder(xlm_roberta, tmp_path_factory):
    return checkpoints.write(tmp_path_factory.mktemp("m3"), tokenizer=xlm_roberta)


@pytest.fixture(scope="module", params=CHECKPOINTS, ids=str)
def encodings(request, xlm_roberta, tmp_path_factory):
    """Of every checkpoint that is held against the reference."""
    folder = tmp_path_factory.mktemp("m3")
    checkpoints.write(folder, tokenizer=xlm_roberta, **CHECKPOINTS[request.param])
    return encoders.load(str(folder), device="cpu").encode_passages(TEXTS)


def test_transformers_and_tokenizers_read_the_same_tokenizer(folder):
    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(folder)
    ours = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for text in TEXTS:
        assert ours.encode(text).ids == theirs(text)["input_ids"]
    assert (theirs.cls_token_id, theirs.pad_token_id, theirs.eos_token_id) == (0, 1, 2)
    assert (theirs.unk_token_id, theirs.mask_token_id) == (3, 250_001)


@pytest.mark.parametrize(("text", "token"), SPELLED.items())
def test_a_special_token_in_a_text_is_that_token(folder, text, token):
    ids = Tokenizer.from_file(str(folder / "tokenizer.json")).encode(text).ids
    assert token in ids[1:-1]


def test_different_texts_have_clearly_different_vectors(encodings):
    cosines = encodings.dense @ encodings.dense.T
    apart = ~np.eye(len(TEXTS), dtype=bool)
    assert cosines[apart].mean() < 0.9
    assert encodings.dense.std(axis=0).min() > 0.02  # no dimension stands still


def test_some_tokens_have_a_lexical_weight_and_some_have_none(encodings):
    distinct = [
        len(set(ids.tolist()) - {0, 1, 2, 3})
        for ids in np.split(encodings.token_ids, encodings.offsets[1:-1])
    ]
    assert 0.2 < encodings.sparse.nnz / sum(distinct) < 0.95


def test_neighbouring_tokens_have_clearly_different_colbert_vectors(encodings):
    vectors = encodings.multi_vector
    assert (vectors[1:] * vectors[:-1]).sum(axis=1).mean() < 0.9


@pytest.mark.parametrize("weights", ["model.safetensors", "pytorch_model.bin"])
def test_the_same_seed_gives_the_same_weights_in_either_file(
    xlm_roberta, folder, tmp_path, weights
):
    again = checkpoints.write(tmp_path, tokenizer=xlm_roberta, weights=weights)
    assert [p.name for p in again.iterdir() if p.name in encoders.choice.M3_WEIGHTS] == [weights]
    first, second = (
        encoders.load(str(path), device="cpu").encode_queries(TEXTS[:5]).dense
        for path in (folder, again)
    )
    assert (first == second).all()


def test_another_seed_gives_other_weights_and_heads_are_float16(xlm_roberta, folder, tmp_path):
    other = checkpoints.write(tmp_path, tokenizer=xlm_roberta, seed=1, colbert_dim=16)
    heads = [
        torch.load(path / "colbert_linear.pt", weights_only=True)["weight"]
        for path in (folder, other)
    ]
    assert [tuple(head.shape) for head in heads] == [(32, 32), (16, 32)]
    assert {head.dtype for head in heads} == {torch.float16}
    assert not torch.equal(heads[0][:16], heads[1])
    assert json.loads((other / "config.json").read_text("utf-8"))["dtype"] == "float32"
