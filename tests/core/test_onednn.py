from __future__ import annotations

import platform

import pytest
import torch

from studio import encoders
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


def test_forgetting_weights_leaves_their_neighbours_in_the_file_alone(tmp_path):
    path, numbers = tmp_path / "weights", 64 * 1024  # 256 KB each
    path.write_bytes(torch.arange(3 * numbers, dtype=torch.float32).numpy().tobytes())
    mapped = torch.from_file(str(path), size=3 * numbers, dtype=torch.float32)
    expected = torch.arange(3 * numbers, dtype=torch.float32)
    onednn.forget(mapped[numbers + 7 : 2 * numbers - 7])
    assert torch.equal(mapped, expected)  # what is asked for again comes from the file


@pytest.mark.parametrize(
    ("maker", "machine", "expected"),
    [
        ("AuthenticAMD", "x86_64", True),
        ("GenuineIntel", "x86_64", False),
        ("AuthenticAMD", "arm64", False),
    ],
)
def test_only_processors_that_gain_by_it_use_it(monkeypatch, tmp_path, maker, machine, expected):
    told = tmp_path / "cpuinfo"
    told.write_text(f"processor\t: 0\nvendor_id\t: {maker}\nmodel name\t: some\n")
    monkeypatch.setattr(onednn, "CPUINFO", told)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert onednn.better() is expected


def test_where_the_system_tells_no_maker_the_processors_name_is_asked(monkeypatch, tmp_path):
    monkeypatch.setattr(onednn, "CPUINFO", tmp_path / "none")
    monkeypatch.setattr(platform, "processor", lambda: "Intel64 Family 6, GenuineIntel")
    assert not onednn.better()
    monkeypatch.setattr(platform, "processor", lambda: "AMD64 Family 25, AuthenticAMD")
    assert onednn.better()


def test_both_ways_of_multiplying_encode_alike(monkeypatch):
    texts = ["The red fox runs through the forest at night.", "红色的狐狸在睡觉。", "", "fox"]
    monkeypatch.setattr(onednn, "better", lambda: False)
    plain = encoders.load("embedded").encode_passages(texts)
    monkeypatch.setattr(onednn, "better", lambda: True)
    packed = encoders.load("embedded").encode_passages(texts)
    assert abs(plain.dense - packed.dense).max() < 1e-5
    assert abs(plain.multi_vector - packed.multi_vector).max() < 1e-5
    assert abs(plain.sparse - packed.sparse).max() < 1e-6
