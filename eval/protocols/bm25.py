"""BM25 over the encoder's own tokens: the lexical baseline that every referee asks for.

Σ_t idf(t) · tf·(k1 + 1)/(tf + k1·(1 − b + b·|p|/mean |p|)) with idf = ln(1 + (N − n + ½)/(n + ½)),
up to the constant factor k1 + 1, which Lucene leaves out and no ranking sees. k1 = 0.9 and b = 0.4
are Pyserini's, with which the M3 paper's row "BM25" was made, also over XLM-RoBERTa's tokens.

The tokens are those that the index keeps, so what the encoder cut is not searched either, and no
model or tokenizer is needed. A token that a query holds twice counts twice, as in Lucene.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from bm25s import BM25
from bm25s.tokenization import Tokenized

from eval.protocols.ranking import Listed, top
from studio.index import Index
from studio.records import Encodings, Integers

K1, B = 0.9, 0.4
ORDINARY = 4  # ids below are XLM-RoBERTa's <s>, <pad>, </s>, <unk>


def bm25(index: Index, queries: Encodings, places: Integers) -> Iterator[Listed]:
    """Each query's best 1,000 passages that share a token with it."""
    passages = [
        text for s in index.segments for text in _texts(s.array("token_ids"), s.array("offsets"))
    ]
    vocabulary = np.unique(np.concatenate([*passages, np.zeros(0, dtype=np.int64)]))
    model = BM25(k1=K1, b=B, method="lucene")
    if len(vocabulary):
        ids = [np.searchsorted(vocabulary, text).tolist() for text in passages]
        names = {str(token): n for n, token in enumerate(vocabulary)}
        model.index(Tokenized(ids, names), show_progress=False)
    for text in _texts(queries.token_ids, queries.offsets):
        known = np.searchsorted(vocabulary, text[np.isin(text, vocabulary)]).tolist()
        scores = model.get_scores_from_ids(known) if known else np.zeros(len(index), np.float32)
        yield top(scores, places, only_found=True)


def _texts(token_ids: Integers, offsets: Integers) -> list[Integers]:
    """Each text's ordinary tokens, in their order and number."""
    tokens = np.asarray(token_ids, dtype=np.int64)
    bounds = zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    texts: list[Integers] = [tokens[first:last] for first, last in bounds]
    return [text[text >= ORDINARY] for text in texts]
