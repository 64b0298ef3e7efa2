"""What took the model or long, kept under a digest of all that it depends on, and read again.

    HOME/cache/<digest>/            a corpus' index: ids, the texts as encoded, the encoder
    HOME/cache/queries-<digest>.npz queries' encodings: texts, the encoder, where it cuts
    HOME/cache/scores-<digest>.npz  candidates or lists: both digests and the protocol's pool
    HOME/cache/encoder-<digest>.json  what an encoder is called (studio.encoders.deferred)

No weights enter: they are applied afterwards. Each entry is written aside and moved into place, so
several processes may share the folder and a reader never meets half a file. One that cannot be
read is made again. All there can be made again: delete the folder whenever the disk is needed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, fields
from itertools import pairwise
from pathlib import Path
from tempfile import NamedTemporaryFile, mkdtemp
from typing import Any, TypeVar

import numpy as np
from scipy import sparse as sp

from eval.collection import TestCollection
from eval.protocols import Listed
from studio.encoders.protocol import Encoder
from studio.errors import ReadingError
from studio.index import Index, digest, signature
from studio.ingest import build
from studio.records import MODES, Candidates, Encodings, Join, Progress, joined_text, silent

FORMAT = 1  # of the files, and of how their numbers are computed: raise it when either changes
KEY = 32  # hexadecimal digits of a digest: 128 bits
UNREADABLE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)

Arrays = Mapping[str, np.ndarray[Any, Any]]
T = TypeVar("T")


def cached_index(
    collection: TestCollection,
    encoder: Encoder,
    cache: Path,
    progress: Progress = silent,
    join: Join = joined_text,
) -> Index:
    """The corpus' index: the same texts, as the encoder reads them, are encoded once."""
    place = cache / digest(collection.passages, signature(encoder), join)[:KEY]
    with suppress(ReadingError):
        return Index(place)
    cache.mkdir(parents=True, exist_ok=True)
    staged = Path(mkdtemp(dir=cache, prefix="staging-"))
    try:
        build(staged / "index", encoder, collection.passages, progress, join)
        with suppress(OSError):  # another process did the same meanwhile
            if place.exists() and not _readable(place):  # what was damaged makes way
                place.replace(staged / "damaged")
        with suppress(OSError):
            (staged / "index").replace(place)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return Index(place)


def query_key(texts: Sequence[str], encoder: Encoder) -> str:
    """What the queries' encodings depend on."""
    return key(asdict(signature(encoder)), encoder.max_query_tokens, list(texts))


def key(*parts: Any) -> str:
    """A digest of values that JSON can hold, and of the format."""
    return hashlib.sha256(json.dumps([FORMAT, *parts]).encode()).hexdigest()[:KEY]


def kept(
    path: Path, make: Callable[[], T], pack: Callable[[T], Arrays], unpack: Callable[[Arrays], T]
) -> T:
    """What lies at `path`; if nothing does, or it cannot be read, make it and put it there."""
    # Opened here, since numpy leaves a file open that turns out to be no archive.
    with suppress(*UNREADABLE), path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
        return unpack({name: file[name] for name in file.files})
    made = make()
    write(path, pack(made))
    return made


def write(path: Path, arrays: Arrays) -> None:
    """The arrays as one .npz, there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix="staging-", delete=False) as file:
        draft = Path(file.name)
        try:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # the stubs take `arrays` for a flag
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    draft.replace(path)


def pack_encodings(encodings: Encodings) -> Arrays:
    """Encodings as arrays; the sparse weights as the three of CSR and their width."""
    weights = encodings.sparse
    plain = {f.name: getattr(encodings, f.name) for f in fields(Encodings) if f.name != "sparse"}
    return plain | {
        "sparse_data": weights.data,
        "sparse_indices": weights.indices,
        "sparse_indptr": weights.indptr,
        "vocabulary": np.asarray(weights.shape[1]),
    }


def unpack_encodings(arrays: Arrays) -> Encodings:
    """The other way."""
    parts = tuple(arrays[f"sparse_{name}"] for name in ("data", "indices", "indptr"))
    shape = (len(arrays["dense"]), int(arrays["vocabulary"]))
    plain = {f.name: arrays[f.name] for f in fields(Encodings) if f.name != "sparse"}
    return Encodings(sparse=sp.csr_array(parts, shape=shape), **plain)


def pack_lists(lists: Sequence[Listed]) -> Arrays:
    """Lists one behind the other, and where each begins."""
    return {
        "offsets": np.cumsum([0, *(len(one.rows) for one in lists)]),
        "rows": np.concatenate([np.zeros(0, np.int64), *(one.rows for one in lists)]),
        "scores": np.concatenate([one.scores for one in lists] or [np.zeros(0, np.float32)]),
    }


def unpack_lists(arrays: Arrays) -> list[Listed]:
    """The other way."""
    return [Listed(arrays["rows"][part], arrays["scores"][part]) for part in _parts(arrays)]


def pack_candidates(candidates: Sequence[Candidates]) -> Arrays:
    """Candidates one behind the other; their texts are the queries', so they are not kept."""
    empty = np.zeros((0, len(MODES)), np.float32)
    return {
        "offsets": np.cumsum([0, *(len(one.rows) for one in candidates)]),
        "rows": np.concatenate([np.zeros(0, np.int64), *(one.rows for one in candidates)]),
        "scores": np.concatenate([empty, *(one.scores for one in candidates)]),
    }


def unpack_candidates(arrays: Arrays, texts: Sequence[str]) -> list[Candidates]:
    """The other way. Raises ValueError where they are not these queries'."""
    return [
        Candidates(text, arrays["rows"][part], arrays["scores"][part])
        for text, part in zip(texts, _parts(arrays), strict=True)
    ]


def _parts(arrays: Arrays) -> list[slice]:
    offsets = arrays["offsets"].tolist()
    return [slice(first, last) for first, last in pairwise(offsets)]


def _readable(place: Path) -> bool:
    with suppress(ReadingError):
        return bool(len(Index(place).segments))
    return False
