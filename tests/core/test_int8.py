from __future__ import annotations

import numpy as np
import pytest
import torch

from studio import encoders
from studio.encoders import device, int8
from studio.errors import EncoderError

TEXTS = [
    "The red fox runs through the forest at night, and nobody sees it.",
    "红色的狐狸在睡觉。",
    "الثعلب الأحمر نائم",
    "fox",
    "",
    "An index keeps passages and their encodings on disk. " * 6,
]


def by_hand(linear: torch.nn.Linear, x: np.ndarray) -> np.ndarray:
    """Weights to 127 steps by row, activations to 255 between each row's ends; then multiply."""
    weight, bias = linear.weight.detach().numpy(), linear.bias.detach().numpy()
    steps = np.abs(weight).max(axis=1, keepdims=True) / 127
    low, high = x.min(axis=1, keepdims=True), x.max(axis=1, keepdims=True)
    size, middle = (high - low) / 254, (high + low) / 2
    restored = np.rint((x - middle) / size) * size + middle
    return restored @ (np.rint(weight / steps) * steps).T + bias


@pytest.mark.parametrize("shape", [(5, 24), (1, 24), (2, 3, 24)])
def test_a_layer_multiplies_rounded_numbers(shape):
    torch.manual_seed(1)
    linear = torch.nn.Linear(24, 16)
    x = torch.randn(shape) * 3
    found = int8.Int8Linear(linear)(x)
    assert found.shape == (*shape[:-1], 16)
    expected = by_hand(linear, x.reshape(-1, 24).numpy())
    assert found.reshape(-1, 16).numpy() == pytest.approx(expected, abs=1e-4)


def test_an_outlier_costs_the_other_tokens_nothing():
    torch.manual_seed(1)
    linear = torch.nn.Linear(32, 8)
    x = torch.randn(4, 32)
    alone = int8.Int8Linear(linear)(x[:3])
    x[3, 5] = 10_000.0
    assert torch.allclose(int8.Int8Linear(linear)(x)[:3], alone, atol=1e-6)


def test_layers_that_read_the_same_activations_round_them_once():
    torch.manual_seed(1)
    layers = torch.nn.ModuleList(torch.nn.Linear(8, 4) for _ in range(3))
    alone = [int8.Int8Linear(layer) for layer in layers]
    int8.quantise(layers)
    x, y = torch.randn(5, 8), torch.randn(5, 8)
    for given in (x, x, y, x.clone(), x):
        for one, shared in zip(alone, layers, strict=True):
            assert torch.equal(one(given), shared(given))
    assert layers[0].rounding(x)[0] is layers[1].rounding(x)[0]
    kept = layers[0].rounding(x)[0]
    assert layers[0].rounding(x.clone())[0] is not kept


def test_rows_and_weights_of_zero_give_the_bias():
    linear = torch.nn.Linear(8, 4)
    with torch.no_grad():
        linear.weight[1] = 0
    found = int8.Int8Linear(linear)(torch.zeros(2, 8))
    assert torch.equal(found, linear.bias.detach().expand(2, 4))


def test_every_linear_layer_below_is_replaced():
    model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Sequential(torch.nn.Linear(4, 2)))
    int8.quantise(model)
    kinds = [type(m) for m in model.modules() if not isinstance(m, torch.nn.Sequential)]
    assert kinds == [int8.Int8Linear] * 2


def test_the_embedded_encoder_is_nearly_the_same_in_int8_and_says_so(e5_encoder):
    small = encoders.load("embedded", precision="int8", device="cpu")
    assert small.precision == "4-bit weights, int8 arithmetic"
    whole, rounded = e5_encoder.encode_passages(TEXTS), small.encode_passages(TEXTS)
    cosines = (whole.dense * rounded.dense).sum(axis=1)
    assert 0.995 < cosines.min() < 1
    assert (whole.multi_vector * rounded.multi_vector).sum(axis=1).min() > 0.98
    assert (whole.sparse.indices == rounded.sparse.indices).all()
    assert rounded.sparse.data == pytest.approx(whole.sparse.data, rel=0.1)


def test_another_processor_is_told_what_to_use(monkeypatch):
    monkeypatch.setattr(device.platform, "machine", lambda: "arm64")
    with pytest.raises(EncoderError, match=r"int8 needs an x86-64 CPU.*arm64.*float32"):
        encoders.load("embedded", precision="int8")
