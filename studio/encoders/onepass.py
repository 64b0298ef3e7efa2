"""One forward pass, three representations: the part that every encoder of the studio shares.

Knows token batches and hidden states. What differs between models (pooling, the two heads) comes
in as a `Heads`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from studio.encoders.batching import batches
from studio.encoders.tokens import Tokeniser, Tokens
from studio.records import Encodings, Floats, Progress, silent

BUDGET = 4_096  # padded tokens in one forward pass
PAD = 1  # XLM-RoBERTa's vocabulary, which both encoders use: <s> 0, <pad> 1, </s> 2, <unk> 3
SPECIAL = (0, 1, 2, 3)


class Heads(Protocol):
    """From last hidden states (batch, length, hidden) to the three representations."""

    def dense(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """(batch, d), not yet normalised."""

    def sparse(self, hidden: Tensor, ids: Tensor) -> Tensor:
        """A weight of 0 or more for every position: (batch, length)."""

    def multi_vector(self, hidden: Tensor) -> Tensor:
        """(batch, length, c), not yet normalised."""


@dataclass(frozen=True)
class Description:
    """How an encoder is named wherever a number of its making is shown."""

    name: str
    title: str
    revision: str
    precision: str


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
    ) -> None:
        self.name, self.title = description.name, description.title
        self.revision, self.precision = description.revision, description.precision
        self.backbone, self.heads = backbone.eval(), heads
        self.passages, self.queries = passages, queries
        self.max_tokens = passages.max_tokens
        self.tokenizer = passages.tokenizer
        self.vocabulary: int = passages.tokenizer.get_vocab_size()
        self.dimension, self.multi_vector_dimension = sizes

    def encode_passages(self, texts: Sequence[str], progress: Progress = silent) -> Encodings:
        return self._encode(self.passages(texts), progress)

    def encode_queries(self, texts: Sequence[str], progress: Progress = silent) -> Encodings:
        return self._encode(self.queries(texts), progress)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self.passages.count(texts)

    def pieces(self, ids: Sequence[int]) -> list[str]:
        return [self.passages.tokenizer.id_to_token(int(i)) or "" for i in ids]

    def _encode(self, tokens: list[Tokens], progress: Progress) -> Encodings:
        """Batch by length, run, and put the rows back into the caller's order."""
        n = len(tokens)
        dense = np.zeros((n, self.dimension), dtype=np.float32)
        weights: list[Floats] = [np.empty(0)] * n
        offsets = np.cumsum([0, *(len(t.keep) for t in tokens)], dtype=np.int64)
        vectors = np.zeros((int(offsets[-1]), self.multi_vector_dimension), dtype=np.float32)
        done = 0
        for batch in batches([len(t.ids) for t in tokens], BUDGET):
            pooled, lexical, late = self._forward([tokens[i] for i in batch])
            dense[batch] = pooled
            for row, i in enumerate(batch):
                keep = tokens[i].keep
                weights[i] = lexical[row, keep]
                vectors[offsets[i] : offsets[i + 1]] = late[row, keep]
            done += len(batch)
            progress(done, n, "encoding")
        ids = [t.ids[t.keep] for t in tokens]
        return Encodings(
            dense=dense,
            sparse=lexical_weights(ids, weights, self.vocabulary),
            multi_vector=vectors,
            offsets=offsets,
            token_ids=_flat(ids, (0,)),
            spans=_flat([t.spans for t in tokens], (0, 2)),
            tokens=np.asarray([t.full for t in tokens], dtype=np.int64),
            truncated=np.asarray([t.truncated for t in tokens], dtype=np.bool_),
        )

    def _forward(self, batch: list[Tokens]) -> tuple[Floats, Floats, Floats]:
        """The single pass: dense (b, d), lexical (b, length), late interaction (b, length, c)."""
        device = self.backbone.device
        rows = [torch.from_numpy(t.ids) for t in batch]
        ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=PAD)
        ids = ids.to(device)
        lengths = torch.tensor([len(row) for row in rows], device=device)
        mask = torch.arange(ids.shape[1], device=device)[None] < lengths[:, None]
        with torch.inference_mode():
            hidden = self.backbone(input_ids=ids, attention_mask=mask.long()).last_hidden_state
            unit = torch.nn.functional.normalize
            return (
                unit(self.heads.dense(hidden, mask).float(), dim=-1).cpu().numpy(),
                self.heads.sparse(hidden, ids).float().cpu().numpy(),
                unit(self.heads.multi_vector(hidden).float(), dim=-1).cpu().numpy(),
            )


def lexical_weights(
    ids: Sequence[np.ndarray[Any, Any]], weights: Sequence[Floats], vocabulary: int
) -> sparse.csr_array:
    """Token weights as CSR (n, vocabulary): the largest per distinct id, special ids left out.

    What FlagEmbedding's `_process_token_weights` keeps: positive weights of ordinary tokens.
    """
    columns, values, pointers = [], [], [0]
    for row_ids, row_weights in zip(ids, weights, strict=True):
        good = (row_weights > 0) & ~np.isin(row_ids, SPECIAL)
        distinct, inverse = np.unique(row_ids[good], return_inverse=True)
        largest = np.zeros(len(distinct), dtype=np.float32)
        np.maximum.at(largest, inverse, row_weights[good])
        columns.append(distinct)
        values.append(largest)
        pointers.append(pointers[-1] + len(distinct))
    return sparse.csr_array(
        (_flat(values, (0,)).astype(np.float32), _flat(columns, (0,)), np.asarray(pointers)),
        shape=(len(ids), vocabulary),
    )


def _flat(arrays: Sequence[np.ndarray[Any, Any]], empty: tuple[int, ...]) -> np.ndarray[Any, Any]:
    return np.concatenate(arrays) if arrays else np.zeros(empty, dtype=np.int64)
