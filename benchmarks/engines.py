"""Which engine for 8-bit integers on a CPU: the candidates side by side, on the same layers.

    pip install onnxruntime onnx onnxscript openvino nncf torchao
    python benchmarks/engines.py

Four layers of BGE-M3's width with random weights, so that every engine can be made in a minute; the
share of the time that a layer takes is that of 24. Engines that need padding get it, in batches of
8 sorted by length. What is not installed is said to be absent. Seconds: the best of three rounds.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np
import torch
import transformers

from benchmarks.machine import described, flop, matrix_rate, mixed_texts, seconds, tokenizer
from studio.encoders import int8, packing
from studio.encoders.batching import by_length, fill
from tests import checkpoints

LAYERS, HIDDEN, INNER, BATCH, BUDGET = 4, 1_024, 4_096, 8, 1_024
Rows = Sequence[np.ndarray[Any, Any]]
Engine = Callable[[Rows], list[np.ndarray[Any, Any]]]  # token ids → state of <s> of each text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=32)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/engines.json")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()
    words = tokenizer()
    encoded = words.encode_batch(mixed_texts(arguments.passages, 300))
    order = by_length([len(e.ids) for e in encoded])
    rows = [np.asarray(encoded[i].ids[:512]) for i in order]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        checkpoints.write(
            folder, tokenizer=words, hidden=HIDDEN, layers=LAYERS, heads=16, intermediate=INNER
        )
        engines = made(folder, rows)
        report = measure(engines, rows)
    arguments.output.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    print(json.dumps(report, indent=1))


def backbone(folder: Path) -> Any:
    from transformers import AutoModel

    return AutoModel.from_pretrained(folder, add_pooling_layer=False).eval()


def made(folder: Path, rows: Rows) -> dict[str, Engine | str]:
    """Every engine that can be made here; for the others, why not."""
    recipes: dict[str, Callable[[Path, Rows], Engine]] = {
        "torch float32, padded": lambda f, _: padded(backbone(f)),
        "torch float32, packed (float32 here)": lambda f, _: packed(backbone(f)),
        "int8 per token (int8 here), packed": _ours,
        "torch dynamic int8, x86": lambda f, _: _dynamic(f, "x86"),
        "torch dynamic int8, onednn": lambda f, _: _dynamic(f, "onednn"),
        "torchao int8 dynamic, eager": _torchao,
        "ONNX Runtime float32": lambda f, _: _onnx(f, quantise=False),
        "ONNX Runtime dynamic int8": lambda f, _: _onnx(f, quantise=True),
        "OpenVINO float32": lambda f, _: _openvino(f, None),
        "OpenVINO int8 (NNCF, static)": lambda f, r: _openvino(f, r),
    }
    engines: dict[str, Engine | str] = {}
    for name, recipe in recipes.items():
        try:
            engines[name] = recipe(folder, rows)
        except Exception as error:  # an engine that cannot be made is a finding
            engines[name] = f"absent: {type(error).__name__}: {str(error)[:200]}"
        print(name, "made" if callable(engines[name]) else engines[name], file=sys.stderr)
    return engines


def measure(engines: dict[str, Engine | str], rows: Rows) -> dict[str, Any]:
    """Three interleaved rounds; the best of each, and cosines to the first."""
    there = {name: engine for name, engine in engines.items() if callable(engine)}
    states = {name: np.stack(engine(rows)) for name, engine in there.items()}  # warm
    times = [{name: seconds(lambda e=e: e(rows)) for name, e in there.items()} for _ in range(3)]
    rate = matrix_rate(torch.float32, "cpu")
    lengths = [len(row) for row in rows]
    work = flop(lengths, HIDDEN, INNER, LAYERS)
    best = {name: min(t[name] for t in times) for name in there}
    exact = next(iter(states.values()))
    first = next(iter(best.values()))
    return {
        "what": f"{len(rows)} texts of {min(lengths)} to {max(lengths)} tokens, {sum(lengths)} in "
        f"all; {LAYERS} layers of {HIDDEN}, random weights",
        "machine": described("torchao", "onnxruntime", "openvino", "nncf"),
        "matrix_rate_gflops": round(rate / 1e9),
        "engines": {
            name: {
                "seconds": round(best[name], 3),
                "times_padded_float32": round(first / best[name], 2),
                "share_of_matrix_rate": round(work / best[name] / rate, 2),
                "least_cosine": round(float(cosine(exact, states[name]).min()), 5),
            }
            if name in there
            else engines[name]
            for name in engines
        },
    }


def cosine(one: Any, two: Any) -> Any:
    return (one * two).sum(1) / np.linalg.norm(one, axis=1) / np.linalg.norm(two, axis=1)


def padded(model: Any, mask_first: bool = False) -> Engine:
    """A model that takes padded batches: ids and mask in, states out."""

    def run(rows: Rows) -> list[np.ndarray[Any, Any]]:
        found: list[np.ndarray[Any, Any]] = []
        for first in range(0, len(rows), BATCH):
            part = [torch.from_numpy(row) for row in rows[first : first + BATCH]]
            ids = torch.nn.utils.rnn.pad_sequence(part, batch_first=True, padding_value=1)
            with torch.inference_mode():
                states = model(input_ids=ids, attention_mask=(ids != 1).long())
            states = getattr(states, "last_hidden_state", states)
            found.extend(np.asarray(states)[:, 0])
        return found

    return run


def packed(model: Any) -> Engine:
    packing.prepare(model)

    def run(rows: Rows) -> list[np.ndarray[Any, Any]]:
        lengths, found, first = [len(row) for row in rows], [], 0
        while first < len(rows):
            last = fill(lengths, first, BUDGET)
            batch = packing.pack(rows[first:last], 2, torch.device("cpu"))
            with torch.inference_mode():
                found.extend(packing.forward(model, batch)[batch.bounds[:-1].long()].numpy())
            first = last
        return found

    return run


def _ours(folder: Path, _rows: Rows) -> Engine:
    model = backbone(folder)
    int8.quantise(model)
    return packed(model)


def _dynamic(folder: Path, engine: str) -> Engine:
    torch.backends.quantized.engine = engine
    model = backbone(folder)
    return packed(
        torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)
    )


def _torchao(folder: Path, _rows: Rows) -> Engine:
    from torchao.quantization import Int8DynamicActivationInt8WeightConfig, quantize_

    model = backbone(folder)
    quantize_(model, Int8DynamicActivationInt8WeightConfig())
    return packed(model)


class Plain(torch.nn.Module):
    """A backbone as a function of two tensors, for engines that trace."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        states: torch.Tensor = self.model(input_ids, attention_mask).last_hidden_state
        return states


EXAMPLE = (torch.randint(5, 1_000, (2, 16)), torch.ones(2, 16, dtype=torch.long))


def _onnx(folder: Path, quantise: bool) -> Engine:
    import onnxruntime
    from onnxruntime.quantization import QuantType, quantize_dynamic

    path = folder / "model.onnx"
    if not path.exists():
        axes = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
        torch.onnx.export(
            Plain(backbone(folder)), EXAMPLE, path, dynamo=True, dynamic_shapes=(axes, axes),
            input_names=["input_ids", "attention_mask"], external_data=True, verbose=False,
        )  # fmt: skip
    if quantise:
        small = folder / "model-int8.onnx"
        quantize_dynamic(
            path, small, per_channel=True, weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gemm"], use_external_data_format=True,
        )  # fmt: skip
        path = small
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def model(**inputs: torch.Tensor) -> Any:
        return session.run(None, {name: tensor.numpy() for name, tensor in inputs.items()})[0]

    return padded(model)


def _openvino(folder: Path, calibration: Rows | None) -> Engine:
    import openvino

    graph = openvino.convert_model(Plain(backbone(folder)), example_input=EXAMPLE)
    if calibration is not None:
        import nncf

        samples = [
            {"input_ids": row[None], "attention_mask": np.ones_like(row)[None]}
            for row in copy.copy(calibration[:24])
        ]
        graph = nncf.quantize(
            graph, nncf.Dataset(samples), model_type=nncf.ModelType.TRANSFORMER, subset_size=24
        )
    compiled = openvino.Core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def model(**inputs: torch.Tensor) -> Any:
        return compiled([inputs["input_ids"].numpy(), inputs["attention_mask"].numpy()])[0]

    return padded(model)


if __name__ == "__main__":
    main()
