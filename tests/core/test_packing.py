from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel, XLMRobertaConfig, XLMRobertaModel

from studio.encoders import packing
from tests.fakes import plain

CPU = torch.device("cpu")
SIZES = {
    "vocab_size": 100, "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3,
    "intermediate_size": 48, "max_position_embeddings": 66, "type_vocab_size": 1,
}  # fmt: skip


@pytest.fixture(scope="module", params=["xlm-roberta", "bert"])
def model(request):
    torch.manual_seed(3)
    if request.param == "bert":
        backbone, first = BertModel(BertConfig(**SIZES), add_pooling_layer=False), 0
    else:
        config = XLMRobertaConfig(**SIZES, pad_token_id=1)
        backbone, first = XLMRobertaModel(config, add_pooling_layer=False), 2
    for weights in backbone.parameters():
        torch.nn.init.normal_(weights, std=0.3)
    packing.prepare(backbone)
    return backbone.eval(), first


def texts(*lengths: int) -> list[np.ndarray]:
    draw = np.random.default_rng(0)
    return [draw.integers(5, 100, length) for length in lengths]


@pytest.mark.parametrize(
    "lengths", [(1,), (7,), (64,), (9, 9, 9), (30, 12, 12, 5, 1, 1), (1, 30, 1)]
)
def test_side_by_side_equals_one_by_one(model, lengths):
    backbone, first = model
    rows = texts(*lengths)
    with torch.inference_mode():
        together = packing.forward(backbone, packing.pack(rows, first, CPU))
        with plain(backbone):
            alone = [
                backbone(input_ids=torch.from_numpy(r)[None]).last_hidden_state[0] for r in rows
            ]
    assert together.numpy() == pytest.approx(torch.cat(alone).numpy(), abs=1e-5)


def test_no_text_sees_its_neighbours(model):
    backbone, first = model
    rows = texts(12, 8)
    changed = [rows[0], texts(50, 40, 8)[2]]
    with torch.inference_mode():
        one = packing.forward(backbone, packing.pack(rows, first, CPU))
        two = packing.forward(backbone, packing.pack(changed, first, CPU))
    assert torch.equal(one[:12], two[:12])
    assert not torch.allclose(one[12:], two[12:], atol=1e-3)


def test_nothing_is_padded_and_equal_lengths_are_one_run():
    packed = packing.pack(texts(9, 9, 4, 4, 4, 2), 2, CPU)
    assert packed.ids.shape == packed.positions.shape == (1, 9 + 9 + 3 * 4 + 2)
    assert packed.bounds.tolist() == [0, 9, 18, 22, 26, 30, 32]
    assert packed.runs == ((0, 2, 9), (18, 3, 4), (30, 1, 2))
    assert packed.longest == 9


def test_positions_begin_anew_with_each_text():
    assert packing.pack(texts(3, 2), 2, CPU).positions.tolist() == [[2, 3, 4, 2, 3]]
    assert packing.pack(texts(3, 2), 0, CPU).positions.tolist() == [[0, 1, 2, 0, 1]]


def test_a_pad_that_a_text_spells_takes_no_place():
    rows = [np.asarray([0, 9, 1, 1, 8, 2]), np.asarray([0, 2])]
    assert packing.pack(rows, 2, CPU).positions.tolist() == [[2, 3, 1, 1, 4, 5, 2, 3]]
    assert packing.pack(rows, 0, CPU).positions.tolist() == [[0, 1, 2, 3, 4, 5, 0, 1]]
