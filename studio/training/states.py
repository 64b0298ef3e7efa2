"""What the encoder's frozen layers say of texts: hidden states, computed once for all steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from studio.encoders import packing
from studio.encoders.batching import by_length, fill
from studio.encoders.onepass import OnePassEncoder
from studio.encoders.tokens import Tokens
from studio.records import Bools, Floats, Integers, Progress, silent
from studio.training.pairs import Pair


@dataclass(frozen=True, eq=False)
class States:
    """Texts side by side: text i owns rows offsets[i] to offsets[i + 1].

    hidden: (tokens, hidden) float16, as they leave the last layer that is not trained. ids:
    (tokens,). keep: (tokens,) whether the heads see it: neither <s> nor a prefix.
    """

    hidden: Floats
    ids: Integers
    keep: Bools
    offsets: Integers

    def rows(self, texts: Integers) -> tuple[Integers, Integers]:
        """Of some texts: the rows of their tokens, and how many each has."""
        starts, lengths = self.offsets[texts], np.diff(self.offsets)[texts]
        shift = np.repeat(starts - np.cumsum(np.r_[0, lengths[:-1]]), lengths)
        return shift + np.arange(int(lengths.sum())), lengths


@dataclass(frozen=True, eq=False)
class Collection:
    """What a query is searched in: the passages of one source in one language.

    queries, passages: rows of the States; gold[i]: where in `passages` query i's own stands.
    """

    name: str
    queries: Integers
    passages: Integers
    gold: Integers

    def only(self, keep: Integers) -> Collection:
        """The same passages, and some of the queries."""
        return Collection(self.name, self.queries[keep], self.passages, self.gold[keep])


def collections(pairs: Sequence[Pair]) -> tuple[list[str], list[str], list[Collection]]:
    """Distinct query and passage texts, and the collections over them."""
    queries, passages = dict[str, int](), dict[tuple[str, str, str], int]()
    found: dict[str, list[tuple[int, int]]] = {}
    for pair in pairs:
        query = queries.setdefault(pair.query, len(queries))
        key = (pair.source, pair.language, pair.passage)
        passage = passages.setdefault(key, len(passages))
        found.setdefault(f"{pair.source}/{pair.language}", []).append((query, passage))
    made = []
    for name, rows in found.items():
        asked, gold = np.asarray(rows).T
        own = np.unique(gold)
        made.append(Collection(name, asked, own, np.searchsorted(own, gold)))
    return list(queries), [text for _, _, text in passages], made


def encode(
    encoder: OnePassEncoder, tokens: Sequence[Tokens], layer: int, progress: Progress = silent
) -> States:
    """Pass texts through the encoder once, within its budget of tokens; keep what `layer` says."""
    lengths = [len(one.ids) for one in tokens]
    order, offsets = by_length(lengths), np.cumsum([0, *lengths])
    hidden = np.zeros((offsets[-1], encoder.backbone.config.hidden_size), dtype=np.float16)
    keep = np.zeros(int(offsets[-1]), dtype=np.bool_)
    for text, start in zip(tokens, offsets, strict=False):
        keep[start + text.keep] = True
    first, device = 0, torch.device(encoder.device)
    said: list[Tensor] = []
    listening = encoder.backbone.encoder.layer[layer - 1].register_forward_hook(
        lambda _module, _inputs, made: said.append(made[0] if isinstance(made, tuple) else made)
    )
    while first < len(tokens):
        last = fill([lengths[i] for i in order], first, encoder.budget)
        batch = [tokens[i] for i in order[first:last]]
        packed = packing.pack([one.ids for one in batch], encoder.first_position, device)
        with torch.inference_mode():
            packing.forward(encoder.backbone, packed)
        states = said.pop().view(-1, hidden.shape[1]).numpy()
        for at, start in zip(order[first:last], packed.bounds.tolist(), strict=False):
            hidden[offsets[at] : offsets[at + 1]] = states[start : start + lengths[at]]
        first = last
        progress(first, len(tokens), "encoding")
    listening.remove()
    return States(hidden, np.concatenate([one.ids for one in tokens]), keep, offsets)
