"""What encoding a collection would cost: seconds and bytes on disk, estimated before anything runs.

    tokens  = passages · min(characters a passage / characters a token, where the encoder cuts)
    seconds = tokens / (tokens a second)
    bytes   = passages · 4 · dense + tokens · 2 · ColBERT + tokens · share · 8 + text

Dense vectors are float32, ColBERT's float16, a sparse weight is a float32 and an int32; `share` is
distinct tokens among a passage's. Characters a token are XLM-RoBERTa's, measured on atlas in its
18 languages. Queries are left out: they are few.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eval.collection import Listed, load

if TYPE_CHECKING:  # the encoder's libraries take long to import
    from studio.encoders.protocol import Encoder

CHARACTERS = {
    "ar": 2.70, "bn": 2.59, "de": 4.02, "en": 3.90, "es": 3.78, "fa": 3.16, "fi": 3.73, "fr": 3.40,
    "hi": 3.18, "id": 4.15, "ja": 1.38, "ko": 1.68, "ru": 3.20, "sw": 3.51, "te": 2.92, "th": 3.32,
    "yo": 1.64, "zh": 1.11,
}  # fmt: skip
USUAL = 3.2  # the median, for languages that are not there
SPECIAL = 2  # tokens that begin and end every text
DISTINCT = 0.65  # sparse weights a token: 0.62 on XQuAD's English passages, 0.71 on atlas
ROWS = 12  # bytes a token for ids and character spans
TRIED = 32  # passages of atlas that a measurement encodes


@dataclass(frozen=True)
class Rate:
    """How quick an encoder is, how large its vectors are, and where that was measured."""

    encoder: str
    tokens_a_second: float
    dense: int
    multi_vector: int
    most_tokens: int
    measured: str


@dataclass(frozen=True)
class Estimate:
    """Tokens, seconds and bytes, whole numbers: an estimate claims no more."""

    tokens: int
    seconds: int
    bytes: int


STORED = Rate(
    "embedded", 1_740, 384, 128, 512,
    "stored: 64 passages of XQuAD en by the encoder 'embedded' on 2 busy cores of an AMD EPYC",
)  # fmt: skip


def measure(encoder: Encoder) -> Rate:
    """By encoding some passages of atlas, here and now."""
    texts = [passage.text for passage in load("atlas").passages[:: 432 // TRIED][:TRIED]]
    encoder.encode_passages(texts[:2])  # what is made once, such as int8 weights, does not count
    started = time.perf_counter()
    encodings = encoder.encode_passages(texts)
    took = time.perf_counter() - started
    return Rate(
        encoder.name, int(encodings.offsets[-1]) / took, encoder.dimension,
        encoder.multi_vector_dimension, encoder.max_tokens,
        f"measured now: {len(texts)} passages of atlas by {encoder.name}",
    )  # fmt: skip


def estimate(listed: Listed, rate: Rate) -> Estimate:
    """Of a full run's encoding and the index that it leaves."""
    ratios = [CHARACTERS.get(language, USUAL) for language in listed.languages] or [USUAL]
    mean = SPECIAL + listed.characters * len(ratios) / sum(ratios)
    tokens = listed.passages * min(mean, rate.most_tokens)
    each = 2 * rate.multi_vector + 8 * DISTINCT + ROWS
    size = listed.passages * (4 * rate.dense + listed.characters) + tokens * each
    return Estimate(round(tokens), round(tokens / rate.tokens_a_second), round(size))
