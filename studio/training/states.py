"""What the encoder's frozen layers say of texts: hidden states, computed once for all steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from studio.encoders import packing
from studio.encoders.batching import by_length, fill
from studio.encoders.onepass import OnePassEncoder
from studio.encoders.tokens import Tokens
from studio.records import Bools, Floats, Integers, Progress, Strings, silent
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

    queries, passages: rows of the States; gold[i]: where in `passages` query i's own stands;
    groups[i]: what query i must not be parted from.
    """

    name: str
    queries: Integers
    passages: Integers
    gold: Integers
    groups: Strings

    @property
    def source(self) -> str:
        return self.name.partition("/")[0]

    def only(self, keep: Bools) -> Collection:
        """The same passages, and some of the queries."""
        return replace(
            self, queries=self.queries[keep], gold=self.gold[keep], groups=self.groups[keep]
        )

    def alone(self, keep: Bools) -> Collection:
        """Some of the queries, and of the passages theirs alone."""
        own, gold = np.unique(self.gold[keep], return_inverse=True)
        return replace(self.only(keep), passages=self.passages[own], gold=gold)


def collections(pairs: Sequence[Pair]) -> tuple[list[str], list[str], list[Collection]]:
    """Distinct query and passage texts, and the collections over them."""
    queries, passages = dict[str, int](), dict[tuple[str, str, str], int]()
    found: dict[str, list[tuple[int, int, str]]] = {}
    for pair in pairs:
        query = queries.setdefault(pair.query, len(queries))
        key = (pair.source, pair.language, pair.passage)
        passage = passages.setdefault(key, len(passages))
        found.setdefault(f"{pair.source}/{pair.language}", []).append((query, passage, pair.group))
    made = []
    for name, rows in found.items():
        asked, wanted, groups = (np.asarray(column) for column in zip(*rows, strict=True))
        own, gold = np.unique(wanted, return_inverse=True)
        made.append(Collection(name, asked, own, gold, groups))
    return list(queries), [text for _, _, text in passages], made


def encode(
    encoder: OnePassEncoder, tokens: Sequence[Tokens], layers: int, progress: Progress = silent
) -> States:
    """Pass texts through the encoder's first layers once, within its budget of tokens."""
    lengths = [len(one.ids) for one in tokens]
    order, offsets = by_length(lengths), np.cumsum([0, *lengths])
    hidden = np.zeros((offsets[-1], encoder.backbone.config.hidden_size), dtype=np.float16)
    keep = np.zeros(int(offsets[-1]), dtype=np.bool_)
    for text, start in zip(tokens, offsets, strict=False):
        keep[start + text.keep] = True
    first, device = 0, torch.device(encoder.device)
    ordered = [lengths[i] for i in order]
    stack = encoder.backbone.encoder
    whole, stack.layer = stack.layer, stack.layer[:layers]
    try:
        while first < len(tokens):
            last = fill(ordered, first, encoder.budget)
            batch = [tokens[i].ids for i in order[first:last]]
            packed = packing.pack(batch, encoder.first_position, device)
            with torch.inference_mode():
                states = packing.forward(encoder.backbone, packed).numpy()
            for at, start in zip(order[first:last], packed.bounds.tolist(), strict=False):
                hidden[offsets[at] : offsets[at + 1]] = states[start : start + lengths[at]]
            first = last
            progress(first, len(tokens), "encoding")
    finally:
        stack.layer = whole
    return States(hidden, np.concatenate([one.ids for one in tokens]), keep, offsets)
