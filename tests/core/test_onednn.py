from __future__ import annotations

import platform

import pytest
import torch

from studio import encoders, products
from studio.encoders import onednn

pytestmark = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="oneDNN's layout is for x86-64"
)


@pytest.mark.parametrize("shape", [(5, 24), (1, 24), (2, 3, 24), (600, 24)])
@pytest.mark.parametrize("bias", [True, False])
def test_a_packed_layer_multiplies_as_torch_does(shape, bias):
    torch.manual_seed(1)
    linear = torch.nn.Linear(24, 16, bias=bias)
    x = torch.randn(shape) * 3
    with torch.inference_mode():
        found = onednn.PackedLinear(linear)(x)
        assert found.shape == (*shape[:-1], 16)
        assert torch.allclose(found, linear(x), atol=1e-5)


def test_every_linear_layer_is_replaced_and_nothing_else():
    layers = torch.nn.Sequential(
        torch.nn.Linear(8, 8), torch.nn.LayerNorm(8), torch.nn.Sequential(torch.nn.Linear(8, 4))
    )
    x = torch.randn(3, 8)
    with torch.inference_mode():
        before = layers(x)
        onednn.pack(layers)
        assert torch.allclose(layers(x), before, atol=1e-5)
    assert not any(isinstance(layer, torch.nn.Linear) for layer in layers.modules())
    assert isinstance(layers[1], torch.nn.LayerNorm)


def test_both_ways_of_multiplying_encode_alike(monkeypatch):
    texts = ["The red fox runs through the forest at night.", "红色的狐狸在睡觉。", "", "fox"]
    monkeypatch.setattr(products, "better", lambda: False)
    plain = encoders.load("embedded").encode_passages(texts)
    monkeypatch.setattr(products, "better", lambda: True)
    packed = encoders.load("embedded").encode_passages(texts)
    assert abs(plain.dense - packed.dense).max() < 1e-5
    assert abs(plain.multi_vector - packed.multi_vector).max() < 1e-5
    assert abs(plain.sparse - packed.sparse).max() < 1e-6
