"""Passages and their encodings in a plain folder, memory-mapped, scored exactly.

    manifest.json      what made it, and its segments; swapped by atomic rename
    segment-00000/     passages.arrow, dense.npy, sparse_*.npy, multi_vector.npy (float16), …

An append writes a new segment and then the manifest, so a crash leaves the index as it was.
Knows rows and arrays; the only texts it touches are those it stores.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
from scipy import sparse as sp

from studio import scoring
from studio.errors import ReadingError
from studio.records import Encodings, Floats, Integers, Passage

FORMAT = 1
COLUMNS = tuple(Passage.__dataclass_fields__)
ARRAYS = ("dense", "multi_vector", "offsets", "token_ids", "spans", "tokens", "truncated")
SPARSE = ("data", "indices", "indptr")


@dataclass(frozen=True)
class Signature:
    """What two indexes must share for their numbers to be of one making."""

    name: str
    title: str
    revision: str
    precision: str
    vocabulary: int


def signature(encoder: Any) -> Signature:
    """The signature of anything that keeps the encoder's protocol."""
    return Signature(*(getattr(encoder, field) for field in Signature.__dataclass_fields__))


def digest(passages: Sequence[Passage], encoder: Signature) -> str:
    """SHA-256 over the encoder's signature and every passage's id, title and text, in order."""
    sha = hashlib.sha256(json.dumps(asdict(encoder), sort_keys=True).encode())
    for passage in passages:
        sha.update("\0".join(("", passage.id, passage.title, passage.text)).encode())
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
        if len(passages) != len(encodings):
            raise ValueError(f"{len(passages)} passages but {len(encodings)} encodings")
        name = f"segment-{len(self.segments):05d}"
        Segment.write(self.path / name, passages, encodings)
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
        shape = self.encoder.vocabulary
        parts = [scoring.sparse(queries.sparse, s.sparse(shape)) for s in self.segments]
        return _side_by_side(parts, len(queries))

    def multi_vector(self, queries: Encodings, rows: Integers | None = None) -> Floats:
        """(q, n) late interaction scores, or (q, len(rows)) for ascending rows."""
        parts = []
        for segment, start in zip(self.segments, self.starts[:-1], strict=True):
            vectors, offsets = segment.array("multi_vector"), segment.array("offsets")
            if rows is not None:
                inside = rows[(rows >= start) & (rows < start + len(segment))] - start
                vectors, offsets = _gather(vectors, offsets, inside)
            if len(offsets) > 1:
                late = scoring.multi_vector(queries.multi_vector, queries.offsets, vectors, offsets)
                parts.append(late)
        return _side_by_side(parts, len(queries))


class Segment:
    """One append's worth of passages: memory-mapped arrays and an Arrow table."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # All at once: an index that is replaced while it is open must stay of one piece.
        names = (*ARRAYS, *(f"sparse_{name}" for name in SPARSE))
        self._arrays = {name: _mapped(path / f"{name}.npy") for name in names}
        self._table = _table(path / "passages.arrow")

    @classmethod
    def write(cls, path: Path, passages: Sequence[Passage], encodings: Encodings) -> None:
        path.mkdir(parents=True, exist_ok=True)
        columns = {column: [getattr(p, column) for p in passages] for column in COLUMNS}
        table = pa.table(columns)
        file = str(path / "passages.arrow")
        with pa.OSFile(file, "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        for name in ARRAYS:
            array = getattr(encodings, name)
            np.save(path / f"{name}.npy", array.astype(STORED.get(name, array.dtype)))
        for name in SPARSE:
            np.save(path / f"sparse_{name}.npy", getattr(encodings.sparse, name))

    def __len__(self) -> int:
        return len(self.array("offsets")) - 1

    def array(self, name: str) -> Any:
        return self._arrays[name]

    def sparse(self, vocabulary: int) -> sp.csr_array:
        parts = tuple(self.array(f"sparse_{name}") for name in SPARSE)
        return sp.csr_array(parts, shape=(len(self), vocabulary))

    def column(self, name: str) -> list[Any]:
        return cast(list[Any], self._table.column(name).to_pylist())

    def passage(self, at: int) -> Passage:
        return Passage(**self._table.slice(at, 1).to_pylist()[0])


# Half precision costs nDCG nothing that can be measured and halves the largest file.
STORED = {"multi_vector": np.float16, "token_ids": np.int32, "spans": np.int32}


def _mapped(path: Path) -> Any:
    try:
        # 'c' maps copy-on-write: torch takes writable arrays only, and nothing reaches the file.
        return np.load(path, mmap_mode="c")
    except (OSError, ValueError, EOFError) as error:
        raise _damaged(path) from error


def _table(path: Path) -> pa.Table:
    try:
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except (OSError, pa.ArrowInvalid) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> ReadingError:
    return ReadingError(f"{path} is lost or damaged. Encode the collection again.")


def _gather(vectors: Floats, offsets: Integers, rows: Integers) -> tuple[Floats, Integers]:
    """The vectors of some rows, flat, with offsets of their own."""
    spans = [np.arange(offsets[row], offsets[row + 1]) for row in rows]
    lengths = [len(span) for span in spans]
    chosen = np.concatenate(spans) if spans else np.zeros(0, dtype=np.int64)
    return vectors[chosen], np.cumsum([0, *lengths])


def _side_by_side(parts: list[Floats], queries: int) -> Floats:
    return np.concatenate(parts, axis=1) if parts else np.zeros((queries, 0), dtype=np.float32)


def _write_manifest(path: Path, manifest: dict[str, Any]) -> None:
    draft = path / "manifest.json.new"
    draft.write_text(json.dumps(manifest, indent=1, ensure_ascii=False), "utf-8")
    os.replace(draft, path / "manifest.json")
