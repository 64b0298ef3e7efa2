"""Texts become token ids with character spans, cut at the model's limit. Knows no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from studio.records import Integers


@dataclass(frozen=True, eq=False)
class Tokens:
    """One tokenised text: ids with <s> and </s>; spans into the text itself, prefix excluded.

    keep: the positions that belong to the text (its own tokens and the final </s>), which
    excludes <s> and the prefix. full: how many tokens the text has before truncation.
    """

    ids: Integers
    spans: Integers
    keep: Integers
    full: int

    @property
    def truncated(self) -> bool:
        return self.full > len(self.ids)


class Tokeniser:
    """A `tokenizers` model with a prefix, a limit, and the ids of its special tokens."""

    def __init__(self, tokenizer: Tokenizer, prefix: str, max_tokens: int) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self.tokenizer, self.prefix, self.max_tokens = tokenizer, prefix, max_tokens
        self.blank = tokenizer.token_to_id("▁")

    def __call__(self, texts: Sequence[str]) -> list[Tokens]:
        encoded = self.tokenizer.encode_batch([self.prefix + text for text in texts])
        return [
            self._cut(np.asarray(e.ids), np.asarray(e.offsets), text)
            for e, text in zip(encoded, texts, strict=True)
        ]

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special ones and prefix included, before truncation."""
        encoded = self.tokenizer.encode_batch_fast([self.prefix + text for text in texts])
        return [len(e.ids) for e in encoded]

    def _cut(self, ids: Integers, spans: Integers, text: str) -> Tokens:
        full, start = len(ids), len(self.prefix)
        if full > self.max_tokens:  # the last position stays with </s>, as in the reference
            ids = np.append(ids[: self.max_tokens - 1], ids[-1])
            spans = np.append(spans[: self.max_tokens - 1], spans[-1:], axis=0)
        # Without a prefix every token but <s> is the text's, as BGE-M3's reference has it.
        inside = spans[:, 1] > start if start else np.ones(len(ids), dtype=np.bool_)
        inside[-1] = True
        inside[0] = False
        keep = np.flatnonzero(inside)
        # '▁' alone has no characters: an empty span where it ends.
        spans = np.where((ids == self.blank)[:, None], spans[:, 1:], spans)
        trimmed = [_trim(text, int(a) - start, int(b) - start) for a, b in spans[keep]]
        return Tokens(ids, np.asarray(trimmed, dtype=np.int64).reshape(-1, 2), keep, full)


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """A span without the blanks that '▁' stands for; </s> has the empty span (0, 0)."""
    start, end = max(start, 0), max(end, 0)
    while start < end and text[start].isspace():
        start += 1
    return start, end
