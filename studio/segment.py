"""One append's worth of an index: memory-mapped arrays and an Arrow table in a folder.

    passages.arrow, dense.npy, sparse_*.npy, multi_vector.npy (float16), token_ids.npy, …

Written portion by portion, so that a corpus of any length never stands in memory as vectors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, cast

import numpy as np
import pyarrow as pa
from scipy import sparse as sp

from studio.errors import ReadingError
from studio.records import Encodings, Passage

COLUMNS = tuple(Passage.__dataclass_fields__)
NUMBERS = ("start", "end")
SCHEMA = pa.schema([(c, pa.int64() if c in NUMBERS else pa.string()) for c in COLUMNS])
PER_TEXT = ("dense", "tokens", "truncated")
PER_TOKEN = ("multi_vector", "token_ids", "spans")
SPARSE = ("sparse_data", "sparse_indices")
POINTERS = ("offsets", "sparse_indptr")  # running sums: each portion goes on from the last
ARRAYS = (*PER_TEXT, *PER_TOKEN, *SPARSE, *POINTERS)

# Half precision costs nDCG nothing that can be measured and halves the largest file.
STORED = {"multi_vector": np.float16, "token_ids": np.int32, "spans": np.int32}


class Segment:
    """An index' segment, opened for reading."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # All at once: an index that is replaced while it is open must stay of one piece.
        self._arrays = {name: _mapped(path / f"{name}.npy") for name in ARRAYS}
        self._table = _table(path / "passages.arrow")

    @classmethod
    def write(cls, path: Path, portions: Iterable[tuple[Sequence[Passage], Encodings]]) -> Segment:
        """A new segment of all portions, each let go before the next is asked for."""
        with Writer(path) as writer:
            for passages, encodings in portions:
                writer.add(passages, encodings)
        return cls(path)

    def __len__(self) -> int:
        return len(self.array("offsets")) - 1

    def array(self, name: str) -> Any:
        return self._arrays[name]

    def sparse(self, vocabulary: int) -> sp.csr_array:
        parts = tuple(self.array(f"sparse_{name}") for name in ("data", "indices", "indptr"))
        return sp.csr_array(parts, shape=(len(self), vocabulary))

    def column(self, name: str) -> list[Any]:
        return cast(list[Any], self._table.column(name).to_pylist())

    def passage(self, at: int) -> Passage:
        return Passage(**self._table.slice(at, 1).to_pylist()[0])


class Writer:
    """A segment in the making: arrays grow on disk; `with` closes them."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self._files = {name: GrowingFile(path / f"{name}.npy") for name in ARRAYS}
        self._sums = dict.fromkeys(POINTERS, 0)
        self._sink = pa.OSFile(str(path / "passages.arrow"), "wb")
        self._table = pa.ipc.new_file(self._sink, SCHEMA)
        for name in POINTERS:
            self._files[name].append(np.zeros(1, dtype=np.int64))

    def add(self, passages: Sequence[Passage], encodings: Encodings) -> None:
        """Write a portion behind those before it."""
        if len(passages) != len(encodings):
            raise ValueError(f"{len(passages)} passages but {len(encodings)} encodings")
        columns = {name: [getattr(p, name) for p in passages] for name in COLUMNS}
        self._table.write_batch(pa.RecordBatch.from_pydict(columns, schema=SCHEMA))
        weights = encodings.sparse
        for name in (*PER_TEXT, *PER_TOKEN):
            array = getattr(encodings, name)
            self._files[name].append(array.astype(STORED.get(name, array.dtype), copy=False))
        self._files["sparse_data"].append(weights.data)
        self._files["sparse_indices"].append(weights.indices.astype(np.int64, copy=False))
        for name, ends in (("offsets", encodings.offsets), ("sparse_indptr", weights.indptr)):
            running = ends[1:].astype(np.int64) + self._sums[name]
            self._files[name].append(running)
            self._sums[name] += int(ends[-1])

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._table.close()
        self._sink.close()
        for file in self._files.values():
            file.close()


class GrowingFile:
    """A .npy file that rows are appended to.

    numpy leaves room in the header for the first axis to grow, so that it can be written anew in
    place once the number of rows is known.
    """

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = path.open("wb")
        self._rows, self._like = 0, np.zeros(0, dtype=np.float32)

    def append(self, rows: np.ndarray[Any, Any]) -> None:
        if not self._file.tell():
            self._like = rows[:0]
            self._header()
        self._file.write(_bytes(rows))
        self._rows += len(rows)

    def close(self) -> None:
        self._file.seek(0)
        self._header()
        self._file.close()

    def _header(self) -> None:
        shape = (self._rows, *self._like.shape[1:])
        kind = np.lib.format.dtype_to_descr(self._like.dtype)
        header = {"descr": kind, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._file, header)


def _bytes(rows: np.ndarray[Any, Any]) -> Any:
    """The rows as they lie in memory, without a copy."""
    return np.ascontiguousarray(rows).reshape(-1).view(np.uint8)


def damaged(path: Path) -> ReadingError:
    """What to say of a file that is not as it was written."""
    return ReadingError(f"{path} is lost or damaged. Encode the collection again.")


def _mapped(path: Path) -> Any:
    try:
        # 'c' maps copy-on-write: torch takes writable arrays only, and nothing reaches the file.
        return np.load(path, mmap_mode="c")
    except (OSError, ValueError, EOFError) as error:
        raise damaged(path) from error


def _table(path: Path) -> pa.Table:
    try:
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except (OSError, pa.ArrowInvalid) as error:
        raise damaged(path) from error
