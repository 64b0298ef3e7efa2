"""How well heads rank what they were not trained on: nDCG@10 of each mode and of the mix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch

from studio.records import MODES, Floats, FusionSettings, Integers
from studio.training import batches
from studio.training.loop import Model
from studio.training.states import Collection, States

COLUMNS = (*MODES, "fused")


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
    emphasis = batches.emphasis(asked, model.sparse)
    return {
        "dense": (asked.dense @ found.dense.T).numpy(),
        "sparse": batches.sparse_scores(asked, found, model.sparse).numpy(),
        "multi_vector": batches.late(asked, found, model.late, emphasis, dimension).numpy(),
    }


def quality(
    scored: Mapping[str, Mapping[str, Floats]],
    collections: Sequence[Collection],
    scale: float,
) -> pd.DataFrame:
    """A row a query: source, collection, group, and nDCG@10 of each mode and of the mix.

    The mix is the default one, of raw scores, with sparse times `scale`.
    """
    dense, sparse, multi_vector = FusionSettings().weights
    frames = []
    for one in collections:
        modes = dict(scored[one.name])
        parts = zip((dense, sparse * scale, multi_vector), modes.values(), strict=True)
        modes["fused"] = np.sum([weight * mode for weight, mode in parts], axis=0)
        values = {name: ndcg(mode, one.gold) for name, mode in modes.items()}
        told = {"source": one.source, "collection": one.name, "group": one.groups}
        frames.append(pd.DataFrame(told | values))
    return pd.concat(frames, ignore_index=True)


def by_collection(found: pd.DataFrame) -> pd.DataFrame:
    """(source, collection) x mode: the mean over queries."""
    return found.groupby(["source", "collection"])[list(COLUMNS)].mean()


def by_source(found: pd.DataFrame) -> pd.DataFrame:
    """source x mode: the mean over its collections of each one's mean."""
    return by_collection(found).groupby("source").mean()


def standard_error(found: pd.DataFrame, mode: str = "fused") -> float:
    """Of the mean over sources of `by_source`, queries of one group being drawn together.

    Groups are the same in every language of a source. The cluster-robust estimate of Liang and
    Zeger (1986), each query counting as it does in that mean.
    """
    asked = found.groupby("collection")[mode]
    collections = found.groupby("source")["collection"].transform("nunique")
    counts = 1 / (found["source"].nunique() * collections * asked.transform("size"))
    part = counts * (found[mode] - asked.transform("mean"))
    return float(np.linalg.norm(part.groupby(found["group"]).sum()))


def ndcg(scores: Floats, gold: Integers) -> Floats:
    """(queries,) nDCG@10 with one relevant passage each; of equal scores the earlier is first."""
    own = scores[np.arange(len(gold)), gold][:, None]
    earlier = np.arange(scores.shape[1]) < gold[:, None]
    rank = 1 + (scores > own).sum(1) + ((scores == own) & earlier).sum(1)
    return np.asarray(np.where(rank <= 10, 1 / np.log2(rank + 1), 0.0))
