"""What the frozen encoder says of texts: last hidden states, computed once for all of training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from studio.encoders import packing
from studio.encoders.batching import by_length, fill
from studio.encoders.onepass import OnePassEncoder
from studio.encoders.tokens import Tokens
from studio.records import Floats, Integers, Progress, silent
from studio.training.pairs import Pair


@dataclass(frozen=True, eq=False)
class States:
    """Texts side by side: text i owns rows offsets[i] to offsets[i + 1].

    hidden: (tokens, hidden) float16, as BGE-M3's heads get them: without <s>, prefix left out.
    ids: (tokens,). dense: (texts, d), of unit length.
    """

    hidden: Floats
    ids: Integers
    offsets: Integers
    dense: Floats

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
    encoder: OnePassEncoder, tokens: Sequence[Tokens], progress: Progress = silent
) -> States:
    """Pass texts through the encoder once, within its budget of tokens."""
    lengths = [len(one.ids) for one in tokens]
    order, offsets = by_length(lengths), np.cumsum([0, *(len(one.keep) for one in tokens)])
    width = encoder.backbone.config.hidden_size
    hidden = np.zeros((offsets[-1], width), dtype=np.float16)
    dense = np.zeros((len(tokens), width), dtype=np.float32)
    first, device = 0, torch.device(encoder.device)
    while first < len(tokens):
        last = fill([lengths[i] for i in order], first, encoder.budget)
        batch = [tokens[i] for i in order[first:last]]
        packed = packing.pack([one.ids for one in batch], encoder.first_position, device)
        with torch.inference_mode():
            states = packing.forward(encoder.backbone, packed)
            pooled = encoder.heads.dense(states, packed.bounds)
        dense[order[first:last]] = torch.nn.functional.normalize(pooled, dim=-1).numpy()
        for at, text, start in zip(order[first:last], batch, packed.bounds.tolist(), strict=False):
            hidden[offsets[at] : offsets[at + 1]] = states[start + torch.from_numpy(text.keep)]
        first = last
        progress(first, len(tokens), "encoding")
    ids = np.concatenate([one.ids[one.keep] for one in tokens])
    return States(hidden, ids, offsets, dense)
