"""How well heads rank what they were not trained on: nDCG@10 of each mode and of the mix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from studio.records import Floats, Integers
from studio.training import batches
from studio.training.loop import Model
from studio.training.states import Collection, States

PAPER = (1.0, 0.3, 1.0)


@torch.no_grad()
def scores(
    model: Model,
    queries: States,
    passages: States,
    collection: Collection,
    information: Floats,
    dimension: int,
) -> dict[str, Floats]:
    """(queries, passages) of each mode, ColBERT's by its first so many dimensions."""
    asked = batches.side(model.top, queries, collection.queries, information)
    found = batches.side(model.top, passages, collection.passages, information)
    counts = batches.emphasis(asked, model.sparse)
    return {
        "dense": (asked.dense @ found.dense.T).numpy(),
        "sparse": batches.sparse_scores(asked, found, model.sparse).numpy(),
        "multi_vector": batches.late(asked, found, model.late, counts, dimension).numpy(),
    }


def quality(
    scored: Mapping[str, Mapping[str, Floats]],
    collections: Sequence[Collection],
    scale: float,
) -> dict[str, dict[str, float]]:
    """nDCG@10 of each collection and mode; `fused` with sparse times `scale`, at 1 / 0.3 / 1.

    `error` is the standard error of the mean of `fused` over queries.
    """
    found = {}
    for one in collections:
        modes = dict(scored[one.name])
        mix = (PAPER[0], PAPER[1] * scale, PAPER[2])
        parts = [weight * mode for weight, mode in zip(mix, modes.values(), strict=True)]
        modes["fused"] = np.sum(parts, axis=0)
        values = {name: ndcg(mode, one.gold) for name, mode in modes.items()}
        error = values["fused"].std() / np.sqrt(len(one.gold))
        found[one.name] = {name: float(each.mean()) for name, each in values.items()}
        found[one.name]["error"] = float(error)
    return found


def ndcg(scores: Floats, gold: Integers) -> Floats:
    """(queries,) nDCG@10 with one relevant passage each; of equal scores the earlier is first."""
    own = scores[np.arange(len(gold)), gold][:, None]
    earlier = np.arange(scores.shape[1]) < gold[:, None]
    rank = 1 + (scores > own).sum(1) + ((scores == own) & earlier).sum(1)
    return np.asarray(np.where(rank <= 10, 1 / np.log2(rank + 1), 0.0))
