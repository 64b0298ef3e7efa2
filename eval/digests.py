"""What a number was made of, as digests: corpus, queries, judgements, files; and on what machine.

SHA-256 over ids and texts with NUL between, each collection in its own order.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from eval.collection import TestCollection
from eval.measures import Qrels
from studio import processor

PIECE = 2**20


def collection(of: TestCollection) -> dict[str, str]:
    """Of the corpus (id, title, text), the judged queries (id, text) and the judgements."""
    return {
        "corpus": _sha((p.id, p.title, p.text) for p in of.passages),
        "queries": _sha((q.id, q.text) for q in of.queries),
        "qrels": qrels(of.qrels),
    }


def qrels(judged: Qrels) -> str:
    """Of judgements, in the order of their ids, so that no file's order matters."""
    rows = ((q, p, str(grade)) for q, grades in judged.items() for p, grade in grades.items())
    return _sha(sorted(rows))


def file(path: Path) -> str:
    """Of a file's bytes."""
    sha = hashlib.sha256()
    with path.open("rb") as opened:
        while piece := opened.read(PIECE):
            sha.update(piece)
    return sha.hexdigest()


def files(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Of these files below a folder, by name."""
    return {name: file(folder / name) for name in names}


def hardware() -> dict[str, Any]:
    """Processor, cores, memory in GiB (None where the system does not tell) and system."""
    return {
        "processor": processor.name(),
        "cores": os.cpu_count(),
        "memory_gb": _memory(),
        "system": platform.platform(),
    }


def _memory() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, OSError, ValueError):  # there is none on Windows
        return None


def _sha(rows: Iterable[tuple[str, ...]]) -> str:
    sha = hashlib.sha256()
    for row in rows:
        sha.update("\0".join((*row, "")).encode())
    return sha.hexdigest()
