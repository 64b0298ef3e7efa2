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
        encoded = self.tokenizer.encode_batch([self.prefix + readable(text) for text in texts])
        return [
            self._cut(np.asarray(e.ids), np.asarray(e.offsets), text)
            for e, text in zip(encoded, texts, strict=True)
        ]

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special ones and prefix included, before truncation."""
        whole = [self.prefix + readable(text) for text in texts]
        return [len(e.ids) for e in self.tokenizer.encode_batch_fast(whole)]

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
        return Tokens(ids, _trimmed(text, np.maximum(spans[keep] - start, 0)), keep, full)


def readable(text: str) -> str:
    """The text with '?' for each lone half of a surrogate pair, which is no character at all."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _trimmed(text: str, spans: Integers) -> Integers:
    """Spans without the blanks that '▁' stands for; </s> has the empty span (0, 0)."""
    starts, ends = spans.T.copy()
    blank = np.asarray([c.isspace() for c in text[: ends.max(initial=0)]] + [False])
    while (more := (starts < ends) & blank[np.minimum(starts, len(blank) - 1)]).any():
        starts[more] += 1
    return np.stack([starts, ends], axis=1)
