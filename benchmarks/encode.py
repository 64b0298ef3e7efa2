"""How fast BGE-M3's layout is encoded, beside FlagEmbedding, in one run on random weights.

    pip install FlagEmbedding==1.4.2
    python benchmarks/encode.py                  # CPU: float32, int8
    python benchmarks/encode.py --device cuda    # GPU: float16, bfloat16

Full size (24 layers of 1,024), 256 passages of mixed lengths, FlagEmbedding at its best batch size
of 4, 8 and 16. Rounds are interleaved, and every ratio is within a round, since machines are noisy.
FlagEmbedding computes its longest batch twice, as a probe for memory; its time is given with and
without. A rate is held against the machine's matrix-product rate, measured in every round.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from benchmarks.machine import described, flop, matrix_rate, mixed_texts, seconds, tokenizer
from studio import encoders
from tests import checkpoints

HIDDEN, INNER, HEADS = 1_024, 4_096, 16
BATCH_SIZES = (4, 8, 16)
QUERY = "Which lighthouse was rebuilt after the storm?"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--layers", type=int, default=24)
    parser.add_argument("--passages", type=int, default=256)
    parser.add_argument("--longest", type=int, default=300, help="tokens of the longest passages")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    name = "encode" if arguments.device == "cpu" else "encode-gpu"
    output = arguments.output or ROOT / f"benchmarks/results/{name}.json"
    with tempfile.TemporaryDirectory() as folder:
        checkpoints.write(
            Path(folder), tokenizer=tokenizer(), hidden=HIDDEN, layers=arguments.layers,
            heads=HEADS, intermediate=INNER,
        )  # fmt: skip
        report = measure(folder, arguments)
    output.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    print(json.dumps(report, indent=1))


def measure(folder: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """All contenders, interleaved, and what they say of the same texts."""
    import torch

    gpu = arguments.device != "cpu"
    texts = mixed_texts(arguments.passages, arguments.longest)
    ours = {
        precision: encoders.load(folder, device=arguments.device, precision=precision)
        for precision in (("float16", "bfloat16") if gpu else ("float32", "int8"))
    }
    theirs = Reference(folder, arguments.device)
    first = next(iter(ours.values()))
    lengths = [min(n, first.max_tokens) for n in first.count_tokens(texts)]
    work = flop(lengths, HIDDEN, INNER, arguments.layers)
    for encoder in ours.values():
        encoder.encode_passages(texts[:8])
    rounds: list[dict[str, Any]] = []
    sizes = BATCH_SIZES if not gpu else (32, 64, 128, 256)
    for number in range(arguments.rounds):
        found: dict[str, Any] = {}
        for precision, encoder in ours.items():
            found[precision] = seconds(lambda: encoder.encode_passages(texts))  # noqa: B023
        timed = {size: theirs.encode(texts, size) for size in sizes}
        best = min(timed, key=lambda size: timed[size][0] - timed[size][1])
        sizes = (best,)  # the best of all sizes in the first round goes on
        found["reference"], found["probe"] = timed[best]
        found["batch_size"] = best
        dtype = torch.float16 if gpu else torch.float32
        found["matrix_rate"] = matrix_rate(dtype, arguments.device, 8_192 if gpu else 1_024)
        rounds.append(found)
        print(f"round {number + 1}: {json.dumps(found)}", file=sys.stderr, flush=True)
    report = {
        "what": f"{len(texts)} passages of {min(lengths)} to {max(lengths)} tokens, {sum(lengths)} "
        f"in all; {arguments.layers} layers of {HIDDEN}, random weights",
        "machine": described("FlagEmbedding", "tokenizers"),
        "rounds": rounds,
        "flop": work,
        "padding_share": {"ours": 0.0, "reference": round(theirs.padding, 4)},
        "results": {p: compare(p, rounds, sum(lengths), work) for p in ours},
        "cosine_to_float32": agreement(folder, arguments.device, ours, texts[:64]),
    }
    if not gpu:
        report["short_query"] = short_query(ours["float32"])
    return report


def compare(name: str, rounds: list[dict[str, Any]], tokens: int, work: float) -> dict[str, Any]:
    """A precision of ours against the reference, by round; medians and the worst."""

    def middle(values: list[float]) -> dict[str, float]:
        return {"median": round(statistics.median(values), 3), "worst": round(min(values), 3)}

    best = min(r[name] for r in rounds)
    return {
        "tokens_per_second": round(tokens / best),
        "seconds": round(best, 2),
        "times_reference": middle([r["reference"] / r[name] for r in rounds]),
        "times_reference_without_probe": middle(
            [(r["reference"] - r["probe"]) / r[name] for r in rounds]
        ),
        # the best of each: a rate measured while another process ran is nobody's rate
        "share_of_matrix_rate": round(work / best / max(r["matrix_rate"] for r in rounds), 3),
    }


def agreement(
    folder: str, device: str, ours: dict[str, Any], texts: list[str]
) -> dict[str, dict[str, float]]:
    """Dense and ColBERT cosines of every precision to float32, mean and least."""
    exact = ours.get("float32") or encoders.load(folder, device=device, precision="float32")
    whole = exact.encode_passages(texts)
    found = {}
    for precision, encoder in ours.items():
        other = encoder.encode_passages(texts)
        for mode in ("dense", "multi_vector"):
            one, two = getattr(whole, mode), getattr(other, mode).astype("float32")
            cosines = (one * two).sum(axis=1)
            found[f"{precision} {mode}"] = {
                "mean": round(float(cosines.mean()), 6), "least": round(float(cosines.min()), 6)
            }  # fmt: skip
    return found


def short_query(encoder: Any, repeats: int = 15) -> dict[str, float]:
    """One short query, whole, against transformers' bare forward pass over the same tokens."""
    import torch

    ids = torch.tensor([encoder.tokenizer.encode(QUERY).ids])
    packed = encoder.backbone.config._attn_implementation
    whole, bare = [], []
    for _ in range(repeats):
        encoder.backbone.set_attn_implementation("sdpa")
        with torch.inference_mode():
            bare.append(seconds(lambda: encoder.backbone(input_ids=ids)))
        encoder.backbone.set_attn_implementation(packed)
        whole.append(seconds(lambda: encoder.encode_queries([QUERY])))
    return {
        "tokens": ids.shape[1],
        "bare_ms": round(1e3 * statistics.median(bare[2:]), 2),
        "whole_ms": round(1e3 * statistics.median(whole[2:]), 2),
        "ratio": round(
            statistics.median(w / b for w, b in zip(whole[2:], bare[2:], strict=True)), 3
        ),
    }


class Reference:
    """FlagEmbedding's own embedder, its forward passes timed one by one."""

    def __init__(self, folder: str, device: str) -> None:
        from tests.parity import flag_embedding

        self.model = flag_embedding.embedder()(folder, use_fp16=device != "cpu", devices=device)
        self.passes: list[float] = []
        self.padding = 0.0
        self._tokens = [0, 0]
        whole = self.model.model.forward
        gpu = device != "cpu"

        def timed(inputs: Any, *args: Any, **kwargs: Any) -> Any:
            import torch

            start = time.perf_counter()
            result = whole(inputs, *args, **kwargs)
            if gpu:
                torch.cuda.synchronize()
            self.passes.append(time.perf_counter() - start)
            self._tokens[0] += inputs["input_ids"].numel()
            self._tokens[1] += int(inputs["attention_mask"].sum())
            return result

        self.model.model.forward = timed

    def encode(self, texts: list[str], batch_size: int) -> tuple[float, float]:
        """Seconds in all, and of the first pass, which it only computes to see that it fits."""
        self.passes.clear()
        self._tokens = [0, 0]
        took = seconds(
            lambda: self.model.encode(
                texts, batch_size=batch_size, max_length=512, return_dense=True,
                return_sparse=True, return_colbert_vecs=True,
            )
        )  # fmt: skip
        self.padding = 1 - self._tokens[1] / self._tokens[0]
        return took, self.passes[0]


if __name__ == "__main__":
    main()
