"""How much memory an encoding takes, beside FlagEmbedding: peak RSS, each case in its own process.

    pip install FlagEmbedding==1.4.2
    python benchmarks/memory.py

The studio writes vectors to disk as they come (`ingest.build`); FlagEmbedding's `encode` returns
them all. Random weights of BGE-M3's width: two layers for the long cases, full size for the last.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from benchmarks.machine import described, mixed_texts, tokenizer

LONG = 8_192
CASES = {  # name: (layers, passages of 4 to 60 words, texts of 8,192 tokens, most tokens)
    "1,000 passages, 2 layers": (2, 1_000, 0, 512),
    "10,000 passages, 2 layers": (2, 10_000, 0, 512),
    "20 texts of 8,192 tokens, 2 layers": (2, 0, 20, LONG),
    "64 passages, full size": (24, 64, 0, 512),
    "1 text of 8,192 tokens, full size": (24, 0, 1, LONG),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worker", nargs=4, metavar=("WHO", "CHECKPOINT", "TEXTS", "TOKENS"))
    parser.add_argument("--cases", nargs="*", default=list(CASES), choices=list(CASES))
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/memory.json")
    arguments = parser.parse_args()
    if arguments.worker:
        work(*arguments.worker)
        return
    report: dict[str, Any] = {"machine": described("FlagEmbedding"), "unit": "MB", "cases": {}}
    for name in arguments.cases:
        report["cases"][name] = compare(*CASES[name])
        print(name, json.dumps(report["cases"][name]), file=sys.stderr, flush=True)
    arguments.output.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    print(json.dumps(report, indent=1))


def compare(layers: int, passages: int, long: int, tokens: int) -> dict[str, Any]:
    """One case, both sides, one after the other on the same checkpoint and texts."""
    from tests import checkpoints

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "checkpoint"
        checkpoints.write(
            folder, tokenizer=tokenizer(), hidden=1_024, layers=layers, heads=16, intermediate=4_096
        )
        texts = mixed_texts(passages, 120) + [long_text(seed) for seed in range(long)]
        asked = Path(place) / "texts.json"
        asked.write_text(json.dumps(texts), "utf-8")
        found = {who: run(who, folder, asked, tokens) for who in ("studio", "reference")}
    ratio = found["reference"]["peak"] / found["studio"]["peak"]
    return found | {"reference_times_studio": round(ratio, 2)}


def long_text(seed: int) -> str:
    """More than 8,192 tokens of the bundled atlas; the encoder cuts it there."""
    return " ".join(mixed_texts(80, 400, seed))


def run(who: str, folder: Path, texts: Path, tokens: int) -> dict[str, float]:
    command = [sys.executable, "-W", "ignore", __file__, "--worker", who, folder, texts, tokens]
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def work(who: str, folder: str, texts: str, tokens: str) -> None:
    """In a process of its own: load, encode, and tell the memory at its highest.

    The weights' file is mapped by both sides, so its pages count once they are touched: here all of
    them when the weights are checked, there those of the tokens that occur.
    """
    asked = json.loads(Path(texts).read_text("utf-8"))
    encode = studio(folder, int(tokens)) if who == "studio" else reference(folder, int(tokens))
    loaded = memory("VmHWM")
    start = time.perf_counter()
    encode(asked)
    took = time.perf_counter() - start
    print(json.dumps({"peak_loading": loaded, "peak": memory("VmHWM"), "seconds": round(took, 1)}))


def studio(folder: str, tokens: int) -> Any:
    """Encode into an index on disk, as the page and the commands do."""
    from studio import encoders
    from studio.ingest import build
    from studio.records import Passage

    encoder = encoders.load(folder, device="cpu", passage_tokens=tokens)

    def encode(texts: list[str]) -> None:
        passages = [Passage(str(n), str(n), t, 0, len(t)) for n, t in enumerate(texts)]
        with tempfile.TemporaryDirectory() as place:
            build(Path(place) / "index", encoder, passages)

    return encode


def reference(folder: str, tokens: int) -> Any:
    """FlagEmbedding's encode, all three modes, at a batch size of 8."""
    from tests.parity import flag_embedding

    model = flag_embedding.embedder()(folder, use_fp16=False, devices="cpu")

    def encode(texts: list[str]) -> None:
        model.encode(
            texts, batch_size=8, max_length=tokens,
            return_dense=True, return_sparse=True, return_colbert_vecs=True,
        )  # fmt: skip

    return encode


def memory(field: str) -> float:
    """MB of resident memory, now (VmRSS) or at its highest (VmHWM), as Linux counts."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return round(int(next(x for x in lines if x.startswith(field)).split()[1]) / 1_024, 1)


if __name__ == "__main__":
    main()
