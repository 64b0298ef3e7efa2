"""The nouns that travel through the flow: frozen, self-checking, free of behaviour.

The order of the three modes is the same everywhere: dense, sparse, multi_vector.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from studio.errors import SettingsError

Mode = Literal["dense", "sparse", "multi_vector"]
MODES: tuple[Mode, ...] = get_args(Mode)
MODE_TITLES = {"dense": "Dense", "sparse": "Sparse", "multi_vector": "ColBERT"}

Normalisation = Literal["none", "min-max", "z-score"]
NORMALISATIONS: tuple[Normalisation, ...] = get_args(Normalisation)
Method = Literal["weighted", "rrf"]
METHODS: tuple[Method, ...] = get_args(Method)

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.integer[Any]]
Bools = NDArray[np.bool_]
Strings = NDArray[np.str_]
Progress = Callable[[int, int, str], None]
"""Called with (done, total, what); raises `Cancelled` where the user has asked to stop.

`what` may end with the unit that is counted: 'downloading BAAI/bge-m3 (MB)'.
"""


def counted(what: str) -> tuple[str, str]:
    """What a progress tells of, and its unit: ('downloading BAAI/bge-m3', 'MB'); '' for none."""
    label, bracket, unit = what.removesuffix(")").rpartition(" (")
    return (label, unit) if bracket and what.endswith(")") else (what, "")


def silent(done: int, total: int, what: str) -> None:
    """The progress of a caller who does not watch."""


@dataclass(frozen=True)
class Document:
    """One text of the user's: a file, a row of a table, a line of JSON Lines."""

    id: str
    text: str
    title: str = ""
    language: str = ""
    source: str = ""


@dataclass(frozen=True)
class Passage:
    """A piece of a document: `text` is the document's text from `start` to `end` (characters)."""

    id: str
    document: str
    text: str
    start: int
    end: int
    title: str = ""
    language: str = ""
    source: str = ""


Join = Callable[[str, str], str]
"""A passage's title and text → what the encoder reads."""


def joined_text(title: str, text: str) -> str:
    """What the encoder reads: title, space, text; the text alone if it begins with the title."""
    title = title.strip()
    return text if not title or text.startswith(title) else f"{title} {text}"


@dataclass(frozen=True, eq=False)
class Encodings:
    """n texts in three representations, and what it takes to explain them.

    dense (n, d) float32, unit length. sparse CSR (n, vocabulary) float32, non-negative.
    multi_vector (Σ tokens, c), unit length rows; text i owns rows offsets[i] to offsets[i+1].
    token_ids (Σ tokens,) and spans (Σ tokens, 2): piece and characters behind each of those rows.
    tokens (n,): tokens that each text has before truncation; truncated (n,): whether it was cut.
    """

    dense: Floats
    sparse: sparse.csr_array
    multi_vector: Floats
    offsets: Integers
    token_ids: Integers
    spans: Integers
    tokens: Integers
    truncated: NDArray[np.bool_]

    def __post_init__(self) -> None:
        n, rows = len(self.dense), len(self.multi_vector)
        shapes = {
            "sparse": self.sparse.shape[0] == n,
            "offsets": self.offsets.shape == (n + 1,) and int(self.offsets[-1]) == rows,
            "token_ids": self.token_ids.shape == (rows,),
            "spans": self.spans.shape == (rows, 2),
            "tokens": self.tokens.shape == (n,),
            "truncated": self.truncated.shape == (n,),
        }
        if wrong := [name for name, right in shapes.items() if not right]:
            raise ValueError(f"Encodings of {n} texts and {rows} vectors: misshapen {wrong}")

    def __len__(self) -> int:
        return len(self.dense)


@dataclass(frozen=True, eq=False)
class Candidates:
    """One query's pool: passage rows in corpus order and an (n, 3) array of raw scores.

    Every cell is filled. The pool never depends on the weights, so whatever is done with the
    weights begins here and needs no model.
    """

    query: str
    rows: Integers
    scores: Floats

    def __post_init__(self) -> None:
        if self.scores.shape != (len(self.rows), len(MODES)):
            raise ValueError(f"{len(self.rows)} rows but scores of shape {self.scores.shape}")
        if not np.isfinite(self.scores).all():
            raise ValueError("Candidates hold a score that is not a number")
        if (np.diff(self.rows) <= 0).any():
            raise ValueError("Candidates must stand in corpus order, each row once")


@dataclass(frozen=True)
class FusionSettings:
    """How three raw scores become one. The default is the MIRACL setting of the M3 paper."""

    weights: tuple[float, float, float] = (1.0, 0.3, 1.0)
    normalise: Normalisation = "none"
    method: Method = "weighted"
    rrf_k: float = 60.0

    def __post_init__(self) -> None:
        if len(self.weights) != len(MODES):
            raise SettingsError(
                f"Three weights are needed (dense, sparse, ColBERT); there are {len(self.weights)}."
            )
        if not all(math.isfinite(w) for w in self.weights):
            raise SettingsError("A weight is not a number. Give three numbers, such as 1 0.3 1.")
        if min(self.weights) < 0:
            raise SettingsError(
                f"Weights cannot be negative; these are {_numbers(self.weights)}. Use 0 or more."
            )
        if not any(self.weights):
            raise SettingsError("All three weights are 0, so nothing can be ranked. Raise one.")
        if self.normalise not in NORMALISATIONS:
            raise SettingsError(_unknown("normalisation", self.normalise, NORMALISATIONS))
        if self.method not in METHODS:
            raise SettingsError(_unknown("method", self.method, METHODS))
        if not 0 <= self.rrf_k < math.inf:
            raise SettingsError(f"RRF's k is {self.rrf_k:g}; it must be 0 or more (60 is usual).")


@dataclass(frozen=True, eq=False)
class Ranking:
    """The candidates in order, and how each total came about.

    order (n,): indices into the candidates, best first. The rest stays in candidate order:
    total (n,); normalised (n, 3); contributions (n, 3), which add up to total;
    ranks (n, 3): 1-based place in each mode's own ranking, 0 where the mode did not find it.
    """

    order: Integers
    total: Floats
    normalised: Floats
    contributions: Floats
    ranks: Integers


@dataclass(frozen=True)
class Reading:
    """What came out of uploaded files: documents, and what the reader wants to tell about them."""

    documents: tuple[Document, ...]
    notes: tuple[str, ...] = field(default=())


def _numbers(values: tuple[float, ...]) -> str:
    return " ".join(f"{value:g}" for value in values)


def _unknown(what: str, given: str, choices: tuple[str, ...]) -> str:
    return f"There is no {what} '{given}'. Choose one of: {', '.join(choices)}."
