"""The training loop: the last layers and both heads at once, with the losses of the M3 paper.

Each step draws one collection, and from it some queries and passages; every other passage of the
draw is a negative (in-batch contrastive loss, of each mode and of their sum). Beside it stands
self-distillation (Chen et al. 2024, section 3.2): the sum of the three scores, as logits, teaches
each mode by itself. The ColBERT head learns at several numbers of dimensions at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, log_softmax

from studio.records import Floats, Progress, silent
from studio.training import batches
from studio.training.heads import ColbertHead, SparseHead
from studio.training.states import Collection, States
from studio.training.top import Top

WARM_UP = 50  # steps
SAMPLE = 400  # passages whose tokens the heads' starts are computed from


@dataclass(frozen=True)
class Recipe:
    """All that a training run depends on beside its data. Temperatures divide scores.

    After the `steps` the layers keep a share of their updates and stand still, and the heads alone
    get used to them for `settling` more.
    """

    steps: int = 600
    settling: int = 150
    queries: int = 20
    passages: int = 40
    frozen: int = 6  # layers, of 12
    rank: int = 8
    dimensions: tuple[int, ...] = (128, 384)
    rate: float = 5e-4
    rate_sparse: float = 1e-3
    rate_late: float = 3e-4
    pull_sparse: float = 5.0
    pull_late: float = 0.3
    distilled: float = 0.5
    dense_temperature: float = 0.01
    late_temperature: float = 0.015
    sparse_temperature: float = 8.0
    written: float = 0.75  # of the steps are on the passages written for the purpose
    kept: float = 0.5  # of the updates: the mean of the original and the tuned weights
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Model:
    """All that is trained."""

    top: Top
    sparse: SparseHead
    late: ColbertHead


def begin(backbone: Any, passages: States, recipe: Recipe) -> Model:
    """Untrained: the encoder as it is, and heads by the statistics of some passages' tokens."""
    torch.manual_seed(recipe.seed)
    top = Top(backbone, recipe.frozen, recipe.rank)
    texts = len(passages.offsets) - 1
    chosen = np.random.default_rng(recipe.seed).choice(texts, min(SAMPLE, texts), replace=False)
    with torch.no_grad():
        sample = top(passages, np.sort(chosen))[0][::3]
    return Model(top, SparseHead(sample), ColbertHead(sample, max(recipe.dimensions)))


def train(
    model: Model,
    queries: States,
    passages: States,
    collections: Sequence[Collection],
    information: Floats,
    recipe: Recipe,
    progress: Progress = silent,
) -> list[float]:
    """Train on collections of training queries; gives the modes' mean loss, by tenth of steps.

    The same seed gives the same weights on the same machine.
    """
    random = np.random.default_rng(recipe.seed)
    usable = [one for one in collections if len(one.queries)]
    shares = odds(usable, recipe.written)
    logit_scales = torch.nn.Parameter(torch.zeros(2 + len(recipe.dimensions)))  # logarithms
    optimiser = _optimiser(model, logit_scales, recipe)

    def take(step: int) -> float:
        for group in optimiser.param_groups:
            left = min(1.0, (step + 1) / WARM_UP) * (1 - 0.95 * min(1.0, step / group["steps"]))
            group["lr"] = group["first_rate"] * left
        one = usable[random.choice(len(usable), p=shares)]
        drawn = batches.draw(one, recipe.queries, recipe.passages, random)
        asked = batches.side(model.top, queries, drawn.queries, information)
        found = batches.side(model.top, passages, drawn.passages, information)
        students = logits(model, asked, found, recipe)
        together = students[0] + students[1] + students[-1]
        gold, taught = torch.from_numpy(drawn.gold), torch.softmax(together.detach(), -1)
        parts = [
            loss(score * scale.exp(), gold, taught, recipe.distilled)
            for score, scale in zip(students, logit_scales, strict=True)
        ]
        whole = sum(parts) + cross_entropy(together / 2, gold)
        kept = recipe.pull_sparse * model.sparse.pull() + recipe.pull_late * model.late.pull()
        optimiser.zero_grad()
        (whole + kept).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        progress(step + 1, recipe.steps + recipe.settling, "training")
        return sum(part.item() for part in parts)

    losses = [take(step) for step in range(recipe.steps)]
    model.top.settle(recipe.kept)
    losses += [take(recipe.steps + step) for step in range(recipe.settling)]
    tenths = np.array_split(losses, min(10, len(losses)) or 1)
    return [float(np.mean(tenth)) for tenth in tenths if len(tenth)]


def logits(model: Model, asked: batches.Side, found: batches.Side, recipe: Recipe) -> list[Tensor]:
    """(queries, passages) of dense, sparse, and ColBERT at each number of dimensions."""
    emphasis = batches.emphasis(asked, model.sparse)
    return [
        asked.dense @ found.dense.T / recipe.dense_temperature,
        batches.sparse_scores(asked, found, model.sparse) / recipe.sparse_temperature,
        *(
            batches.late(asked, found, model.late, emphasis, size) / recipe.late_temperature
            for size in recipe.dimensions
        ),
    ]


def odds(collections: Sequence[Collection], written: float) -> Floats:
    """How often each is drawn: by the root of its queries, within its source's share of the steps.

    The sources that were not written for the purpose have equal shares.
    """
    roots = pd.Series(np.sqrt([len(one.queries) for one in collections]))
    sources = pd.Series([one.source for one in collections])
    others = max(1, sources.nunique() - 1)
    shares = sources.map(lambda source: written if source == "written" else (1 - written) / others)
    whole = shares * roots / roots.groupby(sources).transform("sum")
    return np.asarray(whole / whole.sum())


def loss(scores: Tensor, gold: Tensor, taught: Tensor, distilled: float) -> Tensor:
    """Contrastive and distillation, weighed."""
    contrastive = cross_entropy(scores, gold)
    distillation = -(taught * log_softmax(scores, -1)).sum(-1).mean()
    return (1 - distilled) * contrastive + distilled * distillation


def _optimiser(model: Model, logit_scales: torch.nn.Parameter, recipe: Recipe) -> torch.optim.Adam:
    whole_run = recipe.steps + recipe.settling
    rows = [
        (model.top.trained(), recipe.rate, recipe.steps),
        (list(model.late.parameters()), recipe.rate_late, whole_run),
        ([*model.sparse.parameters(), logit_scales], recipe.rate_sparse, whole_run),
    ]
    return torch.optim.Adam(
        [{"params": own, "first_rate": rate, "steps": steps} for own, rate, steps in rows]
    )
