"""One forward pass, three representations: the part that every encoder of the studio shares.

Knows packed tokens and hidden states. What differs between models (pooling, the two heads) comes
in as a `Heads`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol
from weakref import WeakValueDictionary

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from studio import products
from studio.encoders import int8, onednn, packing
from studio.encoders.batching import by_length, fill
from studio.encoders.device import Setup, borrowed
from studio.encoders.tokens import Tokeniser, Tokens
from studio.errors import EncoderError
from studio.records import Encodings, Floats, Integers, Progress, silent

SPECIAL = (0, 1, 2, 3)  # XLM-RoBERTa's <s>, <pad>, </s>, <unk>, in both encoders


class Heads(Protocol):
    """From last hidden states (tokens, hidden), texts side by side, to the representations."""

    def dense(self, hidden: Tensor, bounds: Tensor) -> Tensor:
        """(texts, d), not yet normalised; text i owns rows bounds[i] to bounds[i+1]."""

    def sparse(self, hidden: Tensor, ids: Tensor, offsets: Tensor) -> Tensor:
        """A weight of 0 or more for every token: (tokens,); text i owns offsets[i] to [i + 1]."""

    def multi_vector(self, hidden: Tensor) -> Tensor:
        """(tokens, c), not yet normalised."""

    def emphasis(self, weights: Floats, offsets: Integers) -> Floats:
        """What each token of a query counts in its ColBERT mean, mean 1: (tokens,)."""


@dataclass(frozen=True)
class Description:
    """How an encoder is named wherever a number of its making is shown."""

    name: str
    title: str
    revision: str
    precision: str


@dataclass(frozen=True)
class Pass:
    """What one forward pass gave: dense (texts, d), and weights and vectors of the kept tokens."""

    dense: Floats
    lexical: Floats
    late: Floats


class OnePassEncoder:
    """An `Encoder` over a transformers backbone and a `Heads`."""

    def __init__(
        self,
        description: Description,
        backbone: Any,
        heads: Heads,
        passages: Tokeniser,
        queries: Tokeniser,
        sizes: tuple[int, int],
        first_position: int,
        setup: Setup,
        dimension: int | None = None,
    ) -> None:
        self.name, self.title = description.name, description.title
        self.revision, self.precision = description.revision, description.precision
        self.passages, self.queries = passages, queries
        self.max_tokens, self.max_query_tokens = passages.max_tokens, queries.max_tokens
        self.tokenizer = passages.tokenizer
        self.vocabulary: int = passages.tokenizer.get_vocab_size()
        self.dimension, self.multi_vector_dimension = (min(s, dimension or s) for s in sizes)
        if self.dimension < sizes[0]:
            self.title += f" · first {self.dimension:,} of {sizes[0]:,} dimensions"
        self.first_position, self.device, self.budget = first_position, setup.device, setup.budget
        self.heads = heads
        packing.prepare(backbone)
        if setup.precision == "int8":
            int8.quantise(backbone)
        elif setup.plain and products.better():
            onednn.pack(backbone)
        self.backbone = backbone.eval()
        self._key = next(NUMBERS)
        RESIDENT[self._key] = self

    def encode_passages(self, texts: Sequence[str], progress: Progress = silent) -> Encodings:
        return self._encode(self.passages(texts), progress)

    def encode_queries(self, texts: Sequence[str], progress: Progress = silent) -> Encodings:
        return self._encode(self.queries(texts), progress, queries=True)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self.passages.count(texts)

    def pieces(self, ids: Sequence[int]) -> list[str]:
        return [self.passages.tokenizer.id_to_token(int(i)) or "" for i in ids]

    def _encode(self, tokens: list[Tokens], progress: Progress, queries: bool = False) -> Encodings:
        """Sort by length, run within the budget, put the rows back into the caller's order."""
        n = len(tokens)
        order = by_length([len(t.ids) for t in tokens])
        offsets = np.cumsum([0, *(len(t.keep) for t in tokens)], dtype=np.int64)
        dense = np.zeros((n, self.dimension), dtype=np.float32)
        weights = np.zeros(int(offsets[-1]), dtype=np.float32)
        vectors = np.zeros((0, self.multi_vector_dimension), dtype=np.float32)
        done = 0
        progress(0, n, "encoding")
        for last, found in passes(self._key, [(tokens[i].ids, tokens[i].keep) for i in order]):
            if not done:
                vectors = np.zeros((int(offsets[-1]), found.late.shape[1]), found.late.dtype)
            rows = order[done:last]
            dense[rows] = found.dense
            place = np.concatenate([np.arange(offsets[i], offsets[i + 1]) for i in rows])
            weights[place] = found.lexical
            vectors[place] = found.late
            done = last
            progress(done, n, "encoding")
        if queries:
            vectors *= self.heads.emphasis(weights, offsets)[:, None]
        ids = _flat([t.ids[t.keep] for t in tokens], (0,))
        return Encodings(
            dense=dense,
            sparse=lexical_weights(ids, weights, offsets, self.vocabulary),
            multi_vector=vectors,
            offsets=offsets,
            token_ids=ids,
            spans=_flat([t.spans for t in tokens], (0, 2)),
            tokens=np.asarray([t.full for t in tokens], dtype=np.int64),
            truncated=np.asarray([t.truncated for t in tokens], dtype=np.bool_),
        )

    def run(self, rows: Sequence[tuple[Integers, Integers]]) -> Pass:
        """The single pass over some texts: (token ids, positions to keep) of each."""
        packed = packing.pack([ids for ids, _ in rows], self.first_position, self.backbone.device)
        starts = np.cumsum([0, *(len(ids) for ids, _ in rows)])
        places = [keep + start for (_, keep), start in zip(rows, starts, strict=False)]
        keep = torch.from_numpy(np.concatenate(places)).to(packed.ids.device)
        with torch.inference_mode():
            hidden = packing.forward(self.backbone, packed)
            pooled = self.heads.dense(hidden, packed.bounds)[:, : self.dimension]
            hidden = hidden[keep]
            late = self.heads.multi_vector(hidden)[:, : self.multi_vector_dimension]
            offsets = torch.tensor(np.cumsum([0, *(len(own) for own in places)]))
            lexical = self.heads.sparse(hidden, packed.ids[0, keep], offsets)
            return Pass(
                _unit(pooled).cpu().numpy(),
                lexical.float().cpu().numpy(),
                # What was computed in halves is told, moved and stored in halves.
                _unit(late).to(torch.float16 if _half(hidden) else torch.float32).cpu().numpy(),
            )

    def shrink(self, texts: int, tokens: int) -> None:
        """After a pass that did not fit the GPU's memory: half of it from now on."""
        if texts == 1:
            raise EncoderError(
                f"A text of {tokens:,} tokens does not fit the free memory of {self.device}. "
                "Lower the most tokens of a passage, use float16, or the device cpu."
            )
        self.budget = max(1, tokens // 2)
        torch.cuda.empty_cache()


NUMBERS = count()
RESIDENT: WeakValueDictionary[int, OnePassEncoder] = WeakValueDictionary()
"""The encoders in memory: a process that is forked for a GPU finds its own here by number."""


@borrowed
def passes(key: int, rows: Sequence[tuple[Integers, Integers]]) -> Iterator[tuple[int, Pass]]:
    """Run texts in batches, in their order: after each, how many are done, and what it gave."""
    encoder, lengths = RESIDENT[key], [len(ids) for ids, _ in rows]
    first = 0
    while first < len(rows):
        last = fill(lengths, first, encoder.budget)
        try:
            found = encoder.run(rows[first:last])
        except torch.OutOfMemoryError:
            encoder.shrink(last - first, sum(lengths[first:last]))
            continue
        yield last, found
        first = last


def lexical_weights(
    ids: Integers, weights: Floats, offsets: Integers, vocabulary: int
) -> sparse.csr_array:
    """Token weights as CSR (n, vocabulary): the largest per distinct id, special ids left out.

    What FlagEmbedding's `_process_token_weights` keeps: positive weights of ordinary tokens. Costs
    memory by the tokens there are, never by the vocabulary.
    """
    texts = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    good = (weights > 0) & ~np.isin(ids, SPECIAL)
    keys = texts[good] * vocabulary + ids[good]
    order = np.argsort(keys, kind="stable")
    distinct, starts = np.unique(keys[order], return_index=True)
    largest = np.maximum.reduceat(weights[good][order], starts) if len(starts) else np.zeros(0)
    pointers = np.searchsorted(distinct, np.arange(len(offsets)) * vocabulary)
    return sparse.csr_array(
        (largest.astype(np.float32), distinct % vocabulary, pointers),
        shape=(len(offsets) - 1, vocabulary),
    )


def _unit(rows: Tensor) -> Tensor:
    return torch.nn.functional.normalize(rows.float(), dim=-1)


def _half(hidden: Tensor) -> bool:
    return hidden.dtype in (torch.float16, torch.bfloat16)


def _flat(arrays: Sequence[np.ndarray[Any, Any]], empty: tuple[int, ...]) -> np.ndarray[Any, Any]:
    return np.concatenate(arrays) if arrays else np.zeros(empty, dtype=np.int64)
