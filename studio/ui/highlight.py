"""A search as the page draws it: ids, raw scores, and passages as marked pieces of text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from studio.explain import Reasons
from studio.fusion import descending, rank
from studio.records import MODES, Candidates, FusionSettings, Integers, Passage, joined_text

FIRST = 10  # passages whose text travels with a search: what the page shows of it
LIKELY = 20  # passages of each mode whose text follows at once; of the mix, twice as many
LONGEST = 2_400  # characters of a passage that the page shows

# Signs at a word's edge carry no word; one within a word or a code (K-417, don't) belongs to it.
# Punctuation is listed, since "not a letter" would take the vowel signs of Indic scripts with it.
SIGNS = r"[!-/:-@\[-`{-~¡-¿‐-⁞、-〟！-／：-＠［-｀｛-･।॥،؛؟]+"
BETWEEN_WORDS = re.compile(rf"(?:^|\s){SIGNS}|{SIGNS}(?=\s|$)|\s+")

Segment = tuple[str, float, float]
"""A piece of text with its share in the sparse and in the ColBERT match, each 0 to 1."""


def first(candidates: Candidates, settings: FusionSettings) -> list[int]:
    """What a search shows at once."""
    order: list[int] = rank(candidates, settings).order[:FIRST].tolist()
    return order


def likely(candidates: Candidates, settings: FusionSettings) -> list[int]:
    """What a search shows under nearly all weights: the best of the mix and of each mode."""
    best = {int(at) for at in rank(candidates, settings).order[: 2 * LIKELY]}
    for mode in range(len(MODES)):
        best.update(descending(candidates.scores[:, mode])[:LIKELY].tolist())
    return sorted(best)


def passage_value(passage: Passage, reasons: Reasons) -> dict[str, Any]:
    """One passage for the page."""
    return {
        "title": passage.title,
        "segments": segments(passage, reasons),
        "source": passage.source,
        "language": passage.language,
        "document": passage.document,
    }


def segments(passage: Passage, reasons: Reasons) -> list[Segment]:
    """Cut a passage's text where a mark begins or ends."""
    text = passage.text[:LONGEST]
    shift = len(joined_text(passage.title, passage.text)) - len(passage.text)
    sparse, late = np.zeros(len(text)), np.zeros(len(text))
    most = max((token.contribution for token in reasons.sparse), default=0.0)
    for token in reasons.sparse:
        for start, end in token.spans:
            _raise(sparse, start - shift, end - shift, token.contribution / most if most else 0.0)
    similar = [match.similarity for match in reasons.matches]
    least, span = min(similar, default=0.0), max(np.ptp(similar), 1e-9) if similar else 1.0
    for match in reasons.matches:
        share = 0.25 + 0.75 * (match.similarity - least) / span
        _raise(late, match.span[0] - shift, match.span[1] - shift, float(share))
    for gap in BETWEEN_WORDS.finditer(text):
        sparse[gap.start() : gap.end()] = late[gap.start() : gap.end()] = 0.0
    return _pieces(text, sparse, late)


def _raise(shares: np.ndarray[Any, Any], start: int, end: int, share: float) -> None:
    start, end = max(0, start), min(len(shares), end)
    if start < end:
        shares[start:end] = np.maximum(shares[start:end], share)


def _pieces(text: str, sparse: Any, late: Any) -> list[Segment]:
    if not text:
        return []
    edges: Integers = np.flatnonzero((np.diff(sparse) != 0) | (np.diff(late) != 0)) + 1
    bounds: Sequence[int] = [0, *edges.tolist(), len(text)]
    return [
        (text[a:b], round(float(sparse[a]), 3), round(float(late[a]), 3))
        for a, b in pairwise(bounds)
    ]
