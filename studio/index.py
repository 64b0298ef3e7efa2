"""Passages and their encodings in a plain folder, memory-mapped, scored exactly.

    manifest.json      what made it, and its segments; swapped by atomic rename
    segment-00000/     see `segment`

An append writes a new segment and then the manifest, so a crash leaves the index as it was.
Knows rows and arrays; the only texts it touches are those it stores.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from studio import scoring
from studio.errors import ReadingError
from studio.records import Encodings, Floats, Integers, Join, Passage, joined_text
from studio.segment import Segment

FORMAT = 1


@dataclass(frozen=True)
class Signature:
    """What two indexes must share for their numbers to be of one making."""

    name: str
    title: str
    revision: str
    precision: str
    vocabulary: int
    max_tokens: int = field(default=512, compare=False)
    """Where passages were cut: another limit makes other numbers, but they can be compared."""


def signature(encoder: Any) -> Signature:
    """The signature of anything that keeps the encoder's protocol."""
    return Signature(*(getattr(encoder, field) for field in Signature.__dataclass_fields__))


def digest(passages: Sequence[Passage], encoder: Signature, join: Join = joined_text) -> str:
    """SHA-256 over the encoder's signature, every passage's id, and the text that is encoded."""
    sha = hashlib.sha256(json.dumps(asdict(encoder), sort_keys=True).encode())
    for passage in passages:
        sha.update("\0".join(("", passage.id, join(passage.title, passage.text))).encode())
    return sha.hexdigest()


class Index:
    """Open an index; append to it; score queries against it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            manifest = json.loads((path / "manifest.json").read_text("utf-8"))
            found = manifest["format"]
            self.encoder = Signature(**manifest["encoder"])
            self.digest: str = manifest["digest"]
            self.segments = [Segment(path / name) for name in manifest["segments"]]
            sizes = [len(segment) for segment in self.segments]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ReadingError(f"{path} holds no readable index. Encode it again.") from error
        if found != FORMAT:
            raise ReadingError(
                f"{path} is of format {found}, this version reads {FORMAT}. "
                "Encode the collection again."
            )
        self.starts = np.cumsum([0, *sizes])

    @classmethod
    def create(cls, path: Path, encoder: Signature, digest: str = "") -> Index:
        """A new, empty index in a folder that does not exist yet or is empty."""
        path.mkdir(parents=True, exist_ok=True)
        manifest = {"format": FORMAT, "encoder": asdict(encoder), "digest": digest, "segments": []}
        _write_manifest(path, manifest)
        return cls(path)

    def append(self, passages: Sequence[Passage], encodings: Encodings) -> Index:
        """Add passages with their encodings; gives the index as it is afterwards."""
        return self.extend([(passages, encodings)])

    def extend(self, portions: Iterable[tuple[Sequence[Passage], Encodings]]) -> Index:
        """Add many portions as one segment; each is on disk before the next is asked for."""
        name = f"segment-{len(self.segments):05d}"
        Segment.write(self.path / name, portions)
        manifest = json.loads((self.path / "manifest.json").read_text("utf-8"))
        _write_manifest(self.path, manifest | {"segments": [*manifest["segments"], name]})
        return Index(self.path)

    def __len__(self) -> int:
        return int(self.starts[-1])

    def passage(self, row: int) -> Passage:
        segment, at = self.locate(row)
        return segment.passage(at)

    def locate(self, row: int) -> tuple[Segment, int]:
        """The segment that holds a row, and the row's place in it."""
        number = int(np.searchsorted(self.starts, row, side="right")) - 1
        return self.segments[number], row - int(self.starts[number])

    def ids(self) -> list[str]:
        """Every passage's id, in corpus order."""
        return self._ids

    @cached_property
    def _ids(self) -> list[str]:
        return [name for segment in self.segments for name in segment.column("id")]

    def dense(self, queries: Encodings) -> Floats:
        """(q, n) inner products."""
        parts = [scoring.dense(queries.dense, s.array("dense")) for s in self.segments]
        return _side_by_side(parts, len(queries))

    def sparse(self, queries: Encodings) -> Floats:
        """(q, n) lexical scores."""
        parts = [scoring.sparse(queries.sparse, postings) for postings in self._postings]
        return _side_by_side(parts, len(queries))

    @cached_property
    def _postings(self) -> list[Any]:
        """Each segment's weights by token; turning them takes longer than a query."""
        return [segment.sparse(self.encoder.vocabulary).tocsc() for segment in self.segments]

    def multi_vector(self, queries: Encodings, rows: Integers | None = None) -> Floats:
        """(q, n) late interaction scores, or (q, len(rows)) for ascending rows."""
        parts = []
        for segment, start in zip(self.segments, self.starts[:-1], strict=True):
            asked = queries.multi_vector, queries.offsets
            vectors = segment.array("multi_vector"), segment.array("offsets")
            inside = None
            if rows is not None:
                inside = rows[(rows >= start) & (rows < start + len(segment))] - start
            parts.append(scoring.multi_vector(*asked, *vectors, inside))
        return _side_by_side(parts, len(queries))


def _side_by_side(parts: list[Floats], queries: int) -> Floats:
    return np.concatenate(parts, axis=1) if parts else np.zeros((queries, 0), dtype=np.float32)


def _write_manifest(path: Path, manifest: dict[str, Any]) -> None:
    draft = path / "manifest.json.new"
    draft.write_text(json.dumps(manifest, indent=1, ensure_ascii=False), "utf-8")
    os.replace(draft, path / "manifest.json")
