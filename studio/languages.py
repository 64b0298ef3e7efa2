"""A guess at each document's language, for the summary of what was read; nothing ranks by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import py3langid

from studio.records import Document

LOOKED_AT = 300  # documents; characters of each
SAMPLE = 400


def languages(documents: Sequence[Document]) -> tuple[Counter[str], int]:
    """Documents per language, and how many were guessed (py3langid): 0 where they are told."""
    told = Counter(document.language for document in documents if document.language)
    if told:
        return told, 0
    step = max(1, len(documents) // LOOKED_AT)
    looked = documents[::step]
    found = Counter(py3langid.classify(d.text[:SAMPLE])[0] for d in looked if d.text.strip())
    return found, len(looked)
