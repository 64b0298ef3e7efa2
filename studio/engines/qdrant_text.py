"""Qdrant requests as Python: prefetches, fusion queries, and formulas over both.

`search` takes one query's three encodings. MaxSim adds up over query tokens there, so the formula
divides its weight by their number.
"""

from __future__ import annotations

from studio.engines.engine import Context, same_weights, whole_k
from studio.records import FusionSettings

RRF = "models.RrfQuery(rrf=models.Rrf(k={k}))"
DBSF = "models.FusionQuery(fusion=models.Fusion.DBSF)"
LEGS = (
    ("dense", "query=dense", "1.0"),
    ("sparse", "query=sparse", "1.0"),
    ("colbert", "query=colbert", "1.0"),
)
HEAD = '''from qdrant_client import QdrantClient, models


def search(client: QdrantClient, dense, sparse: models.SparseVector, colbert, limit={top}):
    """dense: floats; sparse: token ids and weights; colbert: one vector per query token."""
'''


def _asked(settings: FusionSettings) -> list[int]:
    return [mode for mode, weight in enumerate(settings.weights) if weight > 0]


def _prefetch(mode: int, limit: str, indent: str) -> str:
    name, query, _ = LEGS[mode]
    return f'{indent}models.Prefetch({query}, using="{name}", limit={limit}),\n'


def _formula(settings: FusionSettings, mean: bool) -> str:
    """The weighted sum of the prefetches' scores; MaxSim adds up, so `mean` divides it."""
    lines = ""
    for at, mode in enumerate(_asked(settings)):
        weight = repr(float(settings.weights[mode]))
        if mean and mode == 2:
            weight += " / len(colbert)"
        lines += f'                models.MultExpression(mult=[{weight}, "$score[{at}]"]),\n'
    names = ", ".join(f'"$score[{at}]": 0.0' for at in range(len(_asked(settings))))
    return (
        "        query=models.FormulaQuery(\n            formula=models.SumExpression(sum=[\n"
        f"{lines}            ]),\n            defaults={{{names}}},\n        ),\n"
    )


def _call(context: Context, prefetch: str, query: str) -> str:
    return (
        f'    return client.query_points(\n        "{context.index}",\n{prefetch}{query}'
        "        limit=limit,\n    ).points\n"
    )


def formula_text(settings: FusionSettings, context: Context) -> str:
    """The union of dense and sparse, then all raw scores of it, weighed."""
    first = [mode for mode in _asked(settings) if mode != 2] or [0]
    union = "".join(_prefetch(mode, str(context.depth), "        ") for mode in first)
    size = context.depth * len(first)
    legs = "".join(
        f'            models.Prefetch(prefetch=union, {LEGS[mode][1]}, using="{LEGS[mode][0]}", '
        f"limit={size}),\n"
        for mode in _asked(settings)
    )
    body = f"    union = [\n{union}    ]\n"
    prefetch = f"        prefetch=[\n{legs}        ],\n"
    return HEAD.format(top=context.top) + body + _call(context, prefetch, _formula(settings, True))


def _fusion_text(query: str, settings: FusionSettings, context: Context) -> str:
    legs = "".join(_prefetch(mode, str(context.depth), " " * 12) for mode in _asked(settings))
    line = f"        query={query},\n"
    return HEAD.format(top=context.top) + _call(
        context, f"        prefetch=[\n{legs}        ],\n", line
    )


def rrf_text(settings: FusionSettings, context: Context) -> str:
    """Reciprocal rank fusion of the lists, with Qdrant's own weights where they differ."""
    weights = [float(settings.weights[mode]) for mode in _asked(settings)]
    given = "" if same_weights(settings) else f", weights={weights}"
    query = f"models.RrfQuery(rrf=models.Rrf(k={whole_k(settings, low=0) + 1}{given}))"
    return _fusion_text(query, settings, context)


def dbsf_text(settings: FusionSettings, context: Context) -> str:
    """Distribution-based score fusion of the lists."""
    return _fusion_text("models.FusionQuery(fusion=models.Fusion.DBSF)", settings, context)


def nested_text(fusion: str, settings: FusionSettings, context: Context) -> str:
    """Each list fused alone, which normalises it, then weighed by a formula."""
    query = fusion.format(k=whole_k(settings, low=0) + 1)
    legs = "".join(
        "            models.Prefetch(\n"
        + _prefetch(mode, str(context.depth), "                prefetch=")
        + f"                query={query},\n                limit={context.depth},\n"
        "            ),\n"
        for mode in _asked(settings)
    )
    prefetch = f"        prefetch=[\n{legs}        ],\n"
    return HEAD.format(top=context.top) + _call(context, prefetch, _formula(settings, False))
