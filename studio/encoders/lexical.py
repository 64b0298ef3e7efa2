"""How much a token says before any head has looked at it: its rarity, its count, the text's length.

The embedded encoder multiplies this by what its trained head makes of the token in its place.
"""

from __future__ import annotations

import numpy as np

from studio.records import Floats, Integers

COMMON = 4.0  # nats: pieces likelier than e^-4 say nothing
RARITY = 0.75  # on both sides, so that a match counts information to the power of 1.5
K1, B = 1.2, 0.75  # BM25's own
AVERAGE = 120.0  # tokens of a passage of the training data
ALIKE = 0.1  # of a query's ColBERT mean
CONSTANTS = (COMMON, RARITY, K1, B, AVERAGE, ALIKE)  # set by hand before any training


def information(log_probabilities: Floats) -> Floats:
    """(vocabulary,) weights by the tokenizer's own unigram model: max(0, −log p − 4)^¾."""
    rarity = np.maximum(0.0, -np.asarray(log_probabilities, dtype=np.float64) - COMMON)
    return np.asarray(rarity**RARITY, dtype=np.float32)


def frequency(ids: Integers, offsets: Integers) -> Floats:
    """(tokens,) BM25's factor of each token's id in its text; text i owns offsets[i] to [i + 1].

    tf (k₁ + 1) / (tf + k₁ (1 − b + b · length / average)) by Robertson and Zaragoza 2009 at a fixed
    average, since a text is encoded without its collection. All tokens of a query that come once
    have the same factor, so it orders nothing there.
    """
    lengths = np.diff(offsets)
    texts = np.repeat(np.arange(len(lengths)), lengths)
    keys = texts * (int(ids.max(initial=0)) + 1) + ids
    _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    often, length = counts[inverse], lengths[texts]
    factor = often * (K1 + 1) / (often + K1 * (1 - B + B * length / AVERAGE))
    return np.asarray(factor, dtype=np.float32)


def emphasis(weights: Floats, offsets: Integers) -> Floats:
    """(tokens,) what each token of a query counts in its ColBERT mean: nearly by its sparse weight.

    A tenth goes to all tokens alike, so that each has a best match. The mean of a query's is 1; a
    query without any sparse weight counts all tokens alike.
    """
    lengths = np.diff(offsets)
    texts = np.repeat(np.arange(len(lengths)), lengths)
    total = np.bincount(texts, weights, minlength=len(lengths))
    share = weights * (lengths / np.where(total > 0, total, 1))[texts]
    mixed = ALIKE + (1 - ALIKE) * share
    return np.asarray(np.where(total[texts] > 0, mixed, 1), dtype=np.float32)
