"""The training loop: both heads at once, with the losses of the M3 paper.

Each step draws one collection, and from it some queries and passages; every other passage of the
draw is a negative (in-batch contrastive loss). Then self-distillation (Chen et al. 2024, section
3.2): the sum of the three scores, as logits, teaches each mode by itself. The sum's ColBERT part is
that of the full hidden states, centred, which the small head is to come near; nothing of the
teacher is trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, log_softmax, normalize

from studio.records import Floats, Progress, silent
from studio.training import batches
from studio.training.heads import CENTRE, ColbertHead, SparseHead
from studio.training.states import Collection, States

WARM_UP = 50  # steps


@dataclass(frozen=True)
class Recipe:
    """All that a training run depends on beside its data. Temperatures divide scores of 1."""

    steps: int = 2_000
    queries: int = 24
    passages: int = 64
    dimension: int = 128
    rate: float = 1e-3
    pull_sparse: float = 10.0
    pull_late: float = 1.0
    distilled: float = 0.5
    dense_temperature: float = 0.01
    late_temperature: float = 0.015
    sparse_temperature: float = 8.0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Trained:
    """The heads after the loop, and the mean loss of every tenth of it."""

    sparse: SparseHead
    late: ColbertHead
    losses: list[float]


def begin(passages: States, recipe: Recipe) -> tuple[SparseHead, ColbertHead]:
    """The untrained heads: statistics of every 20th token of the passages."""
    sample = torch.from_numpy(passages.hidden[::20]).float()
    return SparseHead(sample), ColbertHead(sample, recipe.dimension)


def train(
    queries: States,
    passages: States,
    collections: Sequence[Collection],
    information: Floats,
    recipe: Recipe,
    progress: Progress = silent,
) -> Trained:
    """Train on collections of training queries; the same seed gives the same heads."""
    random = np.random.default_rng(recipe.seed)
    torch.manual_seed(recipe.seed)
    sparse, late = begin(passages, recipe)
    scales = torch.nn.Parameter(torch.zeros(2))  # logarithms, of the students' temperatures
    middle = CENTRE * normalize(torch.from_numpy(passages.hidden[::20]).float(), dim=-1).mean(0)
    parameters = [*sparse.parameters(), *late.parameters(), scales]
    optimiser = torch.optim.Adam(parameters, lr=recipe.rate)
    usable = [one for one in collections if len(one.queries)]
    shares = np.sqrt([len(one.queries) for one in usable])
    losses = []
    for step in range(recipe.steps):
        for group in optimiser.param_groups:
            done = 1 - 0.9 * step / recipe.steps
            group["lr"] = recipe.rate * min(1.0, (step + 1) / WARM_UP) * done
        one = usable[random.choice(len(usable), p=shares / shares.sum())]
        drawn = batches.draw(one, recipe.queries, recipe.passages, random)
        asked = batches.side(queries, drawn.queries, information)
        found = batches.side(passages, drawn.passages, information)
        gold, counts = torch.from_numpy(drawn.gold), batches.emphasis(asked, sparse)
        students = (
            batches.sparse_scores(asked, found, sparse) / recipe.sparse_temperature,
            batches.late(asked, found, late, counts) / recipe.late_temperature,
        )
        taught = teacher(asked, found, (students[0], counts), middle, recipe)
        parts = [
            loss(score * scale.exp(), gold, taught, recipe.distilled)
            for score, scale in zip(students, scales, strict=True)
        ]
        kept = recipe.pull_sparse * sparse.pull() + recipe.pull_late * late.pull()
        optimiser.zero_grad()
        (sum(parts) + kept).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(sum(part.item() for part in parts))
        progress(step + 1, recipe.steps, "training")
    return Trained(
        sparse,
        late,
        [float(np.mean(part)) for part in np.array_split(losses, min(10, len(losses)))],
    )


def loss(scores: Tensor, gold: Tensor, taught: Tensor, distilled: float) -> Tensor:
    """Contrastive and distillation, weighed."""
    contrastive = cross_entropy(scores, gold)
    distillation = -(taught * log_softmax(scores, -1)).sum(-1).mean()
    return (1 - distilled) * contrastive + distilled * distillation


@torch.no_grad()
def teacher(
    asked: batches.Side,
    found: batches.Side,
    sparse: tuple[Tensor, Tensor],
    middle: Tensor,
    recipe: Recipe,
) -> Tensor:
    """(queries, passages) probabilities by the sum of the three scores."""
    full = [normalize(normalize(one.hidden, dim=-1) - middle, dim=-1) for one in (asked, found)]
    dense = asked.dense @ found.dense.T / recipe.dense_temperature
    scores, counts = sparse
    late = batches.late_scores(asked, found, full, counts) / recipe.late_temperature
    return torch.softmax(dense + late + scores, -1)
