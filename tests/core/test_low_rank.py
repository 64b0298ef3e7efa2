"""Updates of weights, as they are trained, saved and merged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from studio.encoders import low_rank, packing
from studio.errors import EncoderError
from studio.training.top import Top
from tests.core.training_data import states, tiny


def test_settled_layers_stand_at_the_mean_with_the_original_weights() -> None:
    top = Top(tiny(), 1, 2)
    with torch.no_grad():
        for parameter in top.trained():
            parameter.copy_(torch.randn(parameter.shape))
    whole = {name: up @ down for name, (down, up) in top.updates().items()}
    top.settle(0.5)
    for name, (down, up) in top.updates().items():
        torch.testing.assert_close(up @ down, whole[name] / 2)
    assert not top.trained()


def test_merged_updates_say_what_training_said(tmp_path: Path) -> None:
    found = states(np.random.default_rng(2), 6)
    top = Top(tiny(), 0, 2)
    with torch.no_grad():
        for parameter in top.trained():
            parameter.copy_(torch.randn(parameter.shape))
    hidden, _ = top(found, np.arange(6))
    low_rank.save(tmp_path / "low_rank.pt", top.updates())
    backbone = tiny()
    packing.prepare(backbone)
    untuned, tuned = [], []
    for made in (untuned, tuned):
        for first, last in zip(found.offsets, found.offsets[1:], strict=False):
            rows = torch.from_numpy(found.hidden[first:last]).float()[None]
            packed = packing.pack([found.ids[first:last]], 0, torch.device("cpu"))
            for layer in backbone.encoder.layer:
                rows = layer(rows, None, packed=packed)
            made.append(rows[0][torch.from_numpy(found.keep[first:last])].detach())
        if made is untuned:
            low_rank.merge(backbone, tmp_path / "low_rank.pt")
    assert (torch.cat(tuned) - hidden).abs().max() < 0.1  # bfloat16 there, float32 here
    assert (torch.cat(untuned) - hidden).abs().max() > 0.5


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({}, "cannot be read as low-rank"),
        ({"weight": torch.ones(1, 8), "bias": torch.ones(1)}, "cannot be read as low-rank"),
        ({"encoder.layer.7.output.dense.down": torch.ones(1, 2)}, "cannot be read as low-rank"),
        (
            {"encoder.layer.7.x.down": torch.ones(1, 2), "encoder.layer.7.x.up": torch.ones(2, 1)},
            "which this backbone does not have",
        ),
        (
            {
                "encoder.layer.0.output.dense.down": torch.full((1, 16), float("nan")),
                "encoder.layer.0.output.dense.up": torch.ones(8, 1),
            },
            "NaN",
        ),
    ],
)
def test_updates_that_do_not_fit_are_refused(
    tmp_path: Path, state: dict[str, torch.Tensor], sentence: str
) -> None:
    torch.save(state, tmp_path / "low_rank.pt")
    with pytest.raises(EncoderError, match=sentence):
        low_rank.merge(tiny(), tmp_path / "low_rank.pt")
