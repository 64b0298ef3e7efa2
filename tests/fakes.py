"""An encoder whose answers can be computed by hand: it counts letters.

A text is split at blanks; its tokens are the words and a final </s>, as in the real encoders.

dense         the counts of the 26 letters in the whole text, at unit length
multi_vector  the same for each word; </s> has a vector of its own, equal in every text
sparse        a word weighs its length / 10; words match that share their first three letters

So cos("fox", "fax") = 2/3, and "foxes" finds "fox" with 0.5 × 0.3. Case does not matter, marks are
no letters, a character beyond a to z stands for one of the 26, and a text without any letter or
digit has the 27th direction, which is also that of </s>.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from scipy import sparse
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from studio.records import Encodings, Progress, silent

END, FIRST = 2, 4  # <s> 0, <pad> 1, </s> 2, <unk> 3, then every beginning of a word
BLANK = 26
BEGINNINGS = 27**3
BATCH = 8  # texts between two calls of `progress`


def count_letters(text: str) -> np.ndarray:
    """The counts of a to z; (0, …, 0, 1) for a text without letters and digits."""
    counts = np.zeros(27)
    for letter in _letters(text):
        counts[letter] += 1
    if not counts.any():
        counts[BLANK] = 1
    return counts


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


class FakeEncoder:
    """Keeps `studio.encoders.protocol.Encoder`; `calls` lists the texts of every encoding."""

    name = "fake"
    title = "fake · letter counts"
    revision = "1"
    precision = "exact"
    device = "cpu"
    dimension = 27
    multi_vector_dimension = 27
    vocabulary = FIRST + BEGINNINGS

    def __init__(self, max_tokens: int = 512) -> None:
        self.max_tokens = self.max_query_tokens = max_tokens
        self.tokenizer = word_tokenizer()
        self.calls: list[list[str]] = []

    def encode_passages(self, texts: Sequence[str], progress: Progress = silent) -> Encodings:
        self.calls.append(list(texts))
        for done in range(BATCH, len(texts) + BATCH, BATCH):
            progress(min(done, len(texts)), len(texts), "encoding")
        return encode(texts, self.max_tokens)

    def encode_queries(self, texts: Sequence[str], progress: Progress = silent) -> Encodings:
        return self.encode_passages(texts, progress)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(_words(text)) + 2 for text in texts]

    def pieces(self, ids: Sequence[int]) -> list[str]:
        return [piece(i) for i in ids]


class NoEncoder(FakeEncoder):
    """For work that must not need the model: it fails if it is asked to encode."""

    def encode_passages(self, texts: Sequence[str], progress: Progress = silent) -> Encodings:
        raise AssertionError(f"the model was called with {list(texts)}")


def word_tokenizer() -> Tokenizer:
    """A real `tokenizers` model of whole words, for counting: every word is one token."""
    vocabulary = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer


def encode(texts: Sequence[str], max_tokens: int = 512) -> Encodings:
    words = [_words(text)[: max_tokens - 2] for text in texts]
    spans = [[*(span for _, span in row), (0, 0)] for row in words]
    ids = [[*(word_id(word) for word, _ in row), END] for row in words]
    end = unit(count_letters(""))
    vectors = [[*(unit(count_letters(word)) for word, _ in row), end] for row in words]
    tokens = np.asarray([len(_words(text)) + 2 for text in texts], dtype=np.int64)
    wholes = [unit(count_letters(" ".join(word for word, _ in row))) for row in words]
    return Encodings(
        dense=np.asarray(wholes, dtype=np.float32).reshape(-1, 27),
        sparse=_sparse(words),
        multi_vector=np.asarray([v for row in vectors for v in row], np.float32).reshape(-1, 27),
        offsets=np.cumsum([0, *(len(row) for row in ids)]),
        token_ids=np.asarray([i for row in ids for i in row], dtype=np.int64),
        spans=np.asarray([s for row in spans for s in row], dtype=np.int64).reshape(-1, 2),
        tokens=tokens,
        truncated=tokens > max_tokens,
    )


def word_id(word: str) -> int:
    """A number for the word's first three letters, in base 27."""
    a, b, c = [*(letter + 1 for letter in _letters(word)[:3]), 0, 0, 0][:3]
    return FIRST + (a * 27 + b) * 27 + c


def piece(token: int) -> str:
    """The three letters behind a number: '▁fox' for 'foxes'."""
    if token < FIRST:
        return ("<s>", "<pad>", "</s>", "<unk>")[token]
    letters = [(token - FIRST) // 27**power % 27 for power in (2, 1, 0)]
    return "▁" + "".join(chr(96 + letter) for letter in letters if letter)


def _sparse(words: list[list[tuple[str, tuple[int, int]]]]) -> sparse.csr_array:
    rows = []
    for row in words:
        weights: dict[int, float] = {}
        for word, _ in row:
            if count := len(_letters(word)):
                weights[word_id(word)] = max(weights.get(word_id(word), 0.0), count / 10)
        rows.append(dict(sorted(weights.items())))
    data = np.asarray([w for row in rows for w in row.values()], dtype=np.float32)
    columns = np.asarray([i for row in rows for i in row], dtype=np.int64)
    pointers = np.cumsum([0, *(len(row) for row in rows)])
    return sparse.csr_array((data, columns, pointers), shape=(len(rows), FakeEncoder.vocabulary))


def _words(text: str) -> list[tuple[str, tuple[int, int]]]:
    return pre_tokenizers.WhitespaceSplit().pre_tokenize_str(text)


def _letters(text: str) -> list[int]:
    return [ord(c) - 97 if "a" <= c <= "z" else ord(c) % 26 for c in text.lower() if c.isalnum()]


@contextmanager
def plain(backbone: Any) -> Iterator[None]:
    """An encoder's backbone as transformers has it, for texts one at a time."""
    ours = backbone.config._attn_implementation
    backbone.set_attn_implementation("sdpa")
    try:
        yield
    finally:
        backbone.set_attn_implementation(ours)
