"""Which passages compete for a query, what the encoder reads of them, and how ties are broken.

house        `studio`: one pool for all modes, every score filled
ranking      runs, lists, and the order among equals
"""

from __future__ import annotations

from eval.protocols.house import studio
from eval.protocols.ranking import (
    BM25,
    DEPTH,
    RUN_MODES,
    RUN_TITLES,
    TITLES,
    Listed,
    Ranked,
    Run,
    strictly_falling,
)

__all__ = [
    "BM25",
    "DEPTH",
    "RUN_MODES",
    "RUN_TITLES",
    "TITLES",
    "Listed",
    "Ranked",
    "Run",
    "strictly_falling",
    "studio",
]
