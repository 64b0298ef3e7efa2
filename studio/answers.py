"""One query's answer as plain values: what `search --json` prints and the API returns."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from studio import fusion
from studio.encoders.protocol import Encoder
from studio.errors import SettingsError
from studio.explain import Reasons, reasons
from studio.index import Index, signature
from studio.records import MODES, Candidates, Encodings, FusionSettings
from studio.search import candidates, check_query


def find(index: Index, encoder: Encoder, query: str) -> tuple[Candidates, Encodings]:
    """One query's candidates, and its encodings for explanations later."""
    check_query(query)
    check_encoder(index, encoder)
    encodings = encoder.encode_queries([query])
    return next(candidates(index, encodings, [query])), encodings


def check_encoder(index: Index, encoder: Encoder) -> None:
    """Scores between two encoders' vectors mean nothing; nor do those of two lengths."""
    made, asked = index.encoder, signature(encoder)
    facts = [(made.revision, asked.revision), (made.precision, asked.precision)]
    if len(index):
        there = [index.segments[0].array(name).shape[1] for name in ("dense", "multi_vector")]
        here = [encoder.dimension, encoder.multi_vector_dimension]
        facts += [
            (f"{a:,} dimensions", f"{b:,} dimensions") for a, b in zip(there, here, strict=True)
        ]
    other = [pair for pair in dict.fromkeys(facts) if pair[0] != pair[1]]
    if not other and replace(asked, title="") == replace(made, title=""):
        return
    before, now = ("; ".join(side) for side in zip(*(other or facts[:1]), strict=True))
    raise SettingsError(
        f"This collection was encoded by {made.title} ({before}); the encoder at work is "
        f"{asked.title} ({now}). Encode the collection again, or use the encoder that made it."
    )


def answer(
    index: Index,
    encoder: Encoder,
    query: str,
    settings: FusionSettings,
    top: int = 10,
    explain: bool = False,
) -> dict[str, Any]:
    """Search and rank; contributions sum to score."""
    if top < 1:
        raise SettingsError(f"{top} results were asked for; ask for 1 or more.")
    found, encodings = find(index, encoder, query)
    ranking = fusion.rank(found, settings)
    results = []
    for rank, at in enumerate(ranking.order[:top].tolist(), start=1):
        row = int(found.rows[at])
        passage = index.passage(row)
        shares = {mode: float(ranking.contributions[at, i]) for i, mode in enumerate(MODES)}
        result: dict[str, Any] = {
            "rank": rank,
            "passage": passage.id,
            "document": passage.document,
            "score": float(ranking.total[at]),
            **{mode: float(found.scores[at, i]) for i, mode in enumerate(MODES)},
            "contributions": shares,
            "title": passage.title,
            "text": passage.text,
        }
        if explain:
            result |= explained(reasons(index, row, encodings, encoder))
        results.append(result)
    return {
        "query": query,
        "encoder": index.encoder.name,
        "settings": asdict(settings),
        "truncated": bool(encodings.truncated[0]),
        "results": results,
    }


def explained(why: Reasons) -> dict[str, Any]:
    """Reasons as `--explain` prints them."""
    return {
        "sparse_tokens": [
            {
                "token": token.token,
                "query_weight": token.query_weight,
                "passage_weight": token.passage_weight,
                "contribution": token.contribution,
            }
            for token in why.sparse
        ],
        "multi_vector_matches": [
            {
                "query_token": match.query_token,
                "passage_token": match.passage_token,
                "similarity": match.similarity,
            }
            for match in why.matches
        ],
    }
