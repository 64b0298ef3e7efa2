"""Which passages compete for a query, what the encoder reads of them, and how ties are broken.

rules          the four protocols by name
house          `studio`: one pool for all modes, every score filled
paper          `paper-miracl`, `paper-mldr`: the M3 paper's lists and weights
leaderboard    `mteb`: texts, ties, removals and rounding of the leaderboard
bm25           a lexical baseline over the encoder's own tokens
ranking        runs, lists, and the order among equals
"""

from __future__ import annotations

from eval.protocols.house import studio
from eval.protocols.leaderboard import mteb_runs, takes_itself_away
from eval.protocols.paper import paper_runs
from eval.protocols.ranking import (
    BM25,
    DEPTH,
    RUN_MODES,
    RUN_TITLES,
    TITLES,
    Listed,
    Ranked,
    Run,
    ranked,
    strictly_falling,
)
from eval.protocols.rules import PROTOCOLS, Protocol, protocol

__all__ = [
    "BM25",
    "DEPTH",
    "PROTOCOLS",
    "RUN_MODES",
    "RUN_TITLES",
    "TITLES",
    "Listed",
    "Protocol",
    "Ranked",
    "Run",
    "mteb_runs",
    "paper_runs",
    "protocol",
    "ranked",
    "strictly_falling",
    "studio",
    "takes_itself_away",
]
