"""Small data for the tests of training: texts, an untrained backbone, hidden states."""

from __future__ import annotations

import numpy as np
import torch
from transformers import BertConfig, BertModel

from studio.training.pairs import Pair
from studio.training.states import States

COLOURS = ["red", "blue", "green", "white", "black", "yellow", "grey", "brown"]
THINGS = ["boat", "house", "coat", "door", "chair", "table", "bridge", "lamp"]
NOISE = [
    "theodolite",
    "marzipan",
    "heliograph",
    "quagga",
    "bassoon",
    "trebuchet",
    "pangolin",
    "zeppelin",
    "sextant",
    "gondola",
    "harpsichord",
    "obsidian",
]


def made() -> list[Pair]:
    """Passages told apart by a colour and a thing; rare words, which say nothing, stand in all."""
    random = np.random.default_rng(3)
    pairs = []
    for colour in COLOURS:
        for thing in THINGS:
            told, asked = random.choice(NOISE, 4, False), random.choice(NOISE, 4, False)
            passage = f"By the {told[0]} and the {told[1]} stands a {colour} {thing}, "
            passage += f"near another {told[2]} and a {told[3]}."
            query = f"{asked[0]} {asked[1]} {colour} {thing} {asked[2]} {asked[3]}"
            pairs.append(Pair("made", "en", f"{colour} {thing}", query, passage))
    return pairs


def tiny() -> BertModel:
    torch.manual_seed(1)
    config = BertConfig(
        hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16
    )
    return BertModel(config, add_pooling_layer=False).eval()


def states(random: np.random.Generator, texts: int) -> States:
    offsets = np.cumsum([0, *random.integers(3, 9, texts)])
    tokens = int(offsets[-1])
    return States(
        random.standard_normal((tokens, 8)).astype(np.float16),
        random.integers(4, 30, tokens),
        ~np.isin(np.arange(tokens), offsets),
        offsets,
    )
