"""What the rest of the studio knows of an encoder. No torch here: search and tests import it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tokenizers import Tokenizer

from studio.records import Encodings, Progress, silent


class Encoder(Protocol):
    """Texts in, three representations out, from one forward pass each."""

    name: str
    """As the user named it: 'embedded', a Hub id, or a folder."""
    title: str
    """One line for people: what made the number."""
    revision: str
    precision: str
    device: str
    """Where it computes: 'cpu', 'cuda', 'cuda:1', 'mps'."""
    dimension: int
    multi_vector_dimension: int
    max_tokens: int
    """Where passages are cut; `max_query_tokens`: where queries are."""
    max_query_tokens: int
    vocabulary: int
    tokenizer: Tokenizer
    """Counts tokens when documents are cut."""

    def encode_passages(self, texts: Sequence[str], progress: Progress = silent) -> Encodings:
        """Encode passages; `progress` hears of every batch and may raise `Cancelled`."""

    def encode_queries(self, texts: Sequence[str], progress: Progress = silent) -> Encodings:
        """Encode queries, with whatever sets them apart for this model."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text as a passage, before any truncation; needs no forward pass."""

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """The vocabulary's pieces behind token ids, '▁' marking a word's beginning."""
