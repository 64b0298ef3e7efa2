"""What OpenSearch and Elasticsearch share: requests as JSON, and scripts over all three vectors.

Both store token weights as Lucene features with 9 significant bits (a relative error up to 0.4 %),
and refuse a negative score, so cosines and inner products stand shifted there.
"""

from __future__ import annotations

from typing import Any

from studio.engines.engine import Context
from studio.records import FusionSettings

DENSE, SPARSE, COLBERT = "<dense query vector>", {"<token id>": 0.5}, ["<vector of each token>"]
FEATURES = "Sparse weights are stored with 9 significant bits there: scores differ by up to 0.4 %."
SCRIPT = (
    "The script scores every document: exact, and slow on a large index. Move it into `rescore` "
    "behind a first query to score candidates alone."
)
SUM = "MaxSim adds up over query tokens there: the script divides it by `tokens`, their number."


def asked(settings: FusionSettings) -> list[int]:
    """The modes whose weight is above 0."""
    return [mode for mode, weight in enumerate(settings.weights) if weight > 0]


def scripted(settings: FusionSettings, sparse: dict[str, Any], terms: tuple[str, str]) -> Any:
    """A script_score query: the weighted sum of all three scores of every document.

    `terms` are the scripts of the dense score and of MaxSim over `params.tokens`, both shifted.
    """
    d, s, m = settings.weights
    source = ["params.s * _score"] if s > 0 else ["0.0"]
    params: dict[str, Any] = {"s": s} if s > 0 else {}
    if d > 0:
        source.append(f"params.d * {terms[0]}")
        params |= {"d": d, "dense": DENSE}
    if m > 0:
        source.append(f"params.m * {terms[1]}")
        params |= {"m": m, "colbert": COLBERT, "tokens": "<number of query tokens>"}
    query: dict[str, Any] = {"filter": [{"match_all": {}}]}
    if s > 0:
        query["should"] = [sparse]
    script = {"source": " + ".join(source), "params": params}
    return {"script_score": {"query": {"bool": query}, "script": script}}


def colbert_query(script: str) -> Any:
    """MaxSim of every document as a query of its own."""
    params = {"colbert": COLBERT, "tokens": "<number of query tokens>"}
    return {
        "script_score": {
            "query": {"match_all": {}},
            "script": {"source": script, "params": params},
        }
    }


def search(context: Context, body: dict[str, Any], parameters: str = "") -> tuple[str, Any]:
    """The request line and its body."""
    return f"GET /{context.index}/_search{parameters}", {"size": context.top, **body}
