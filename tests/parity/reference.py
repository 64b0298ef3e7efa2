"""FlagEmbedding 1.4.2, the reference implementation of BGE-M3, as an oracle in its own process.

Importing it warns and prints, and it reads a checkpoint with random heads where one is missing; so
it stays out of the tests' process. `ask` hands it a list of jobs as JSON and reads the answers.
This file is also the script that answers. It knows nothing of the studio.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import util
from pathlib import Path

import numpy as np
from scipy import sparse

ROOT = Path(__file__).resolve().parents[2]
VOCABULARY = 250_002
INSTALLED = util.find_spec("FlagEmbedding") is not None
HOW_TO_INSTALL = "FlagEmbedding is not installed: pip install -r tests/requirements.txt"


@dataclass(frozen=True, eq=False)
class Job:
    """One call of M3Embedder's: encode_queries or encode_corpus of texts, compute_score of pairs.

    `arguments` go to the call, such as max_length, batch_size or weights_for_different_modes.
    """

    method: str
    inputs: Sequence[str] | Sequence[tuple[str, str]]
    arguments: dict[str, object] = field(default_factory=dict)
    truncate_dim: int | None = None


@dataclass(frozen=True, eq=False)
class Encoded:
    """The reference's numbers in the shapes of `studio.records.Encodings`."""

    dense: np.ndarray
    sparse: sparse.csr_array
    multi_vector: np.ndarray
    offsets: np.ndarray


def ask(folder: Path, jobs: Sequence[Job], **settings: object) -> list[dict[str, np.ndarray]]:
    """Load the checkpoint once, in float32 on the CPU, and run every job: arrays by name."""
    asked = {"folder": str(folder), "settings": settings, "jobs": [vars(job) for job in jobs]}
    with tempfile.TemporaryDirectory() as place:
        question = Path(place) / "jobs.json"
        question.write_text(json.dumps(asked), "utf-8")
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "tests.parity.reference", question, place],
            cwd=ROOT,
            env=os.environ | {"HF_HUB_OFFLINE": "1"},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"The reference failed:\n{done.stderr}")
        return [read(Path(place) / f"{i}.npz") for i in range(len(jobs))]


def read(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as arrays:
        return dict(arrays)


def encoded(arrays: dict[str, np.ndarray]) -> Encoded:
    """The answer to an encode_… job."""
    pointers = arrays["lexical_offsets"]
    weights = sparse.csr_array(
        (arrays["lexical_weights"], arrays["lexical_ids"], pointers),
        shape=(len(pointers) - 1, VOCABULARY),
    )
    return Encoded(arrays["dense"], weights, arrays["colbert"], arrays["colbert_offsets"])


def flat(found: dict) -> dict[str, np.ndarray]:
    """What encode_queries and encode_corpus return, without its dictionaries and lists."""
    lexical = [
        sorted((int(i), weight) for i, weight in row.items()) for row in found["lexical_weights"]
    ]
    pairs = [pair for row in lexical for pair in row]
    vectors = found["colbert_vecs"]
    return {
        "dense": found["dense_vecs"],
        "lexical_ids": np.asarray([i for i, _ in pairs], dtype=np.int64),
        "lexical_weights": np.asarray([weight for _, weight in pairs], dtype=np.float32),
        "lexical_offsets": np.cumsum([0, *map(len, lexical)]),
        "colbert": np.concatenate(vectors),
        "colbert_offsets": np.cumsum([0, *map(len, vectors)]),
    }


def main(question: Path, answers: Path) -> None:
    from tests.parity import flag_embedding

    asked = json.loads(question.read_text("utf-8"))
    modes = {"return_dense": True, "return_sparse": True, "return_colbert_vecs": True}
    settings = {"use_fp16": False, "devices": "cpu"} | modes | asked["settings"]
    model = flag_embedding.embedder()(asked["folder"], **settings)
    for i, job in enumerate(asked["jobs"]):
        model.truncate_dim = job["truncate_dim"]
        found = getattr(model, job["method"])(job["inputs"], **job["arguments"])
        arrays = found if job["method"] == "compute_score" else flat(found)
        np.savez(answers / f"{i}.npz", **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
