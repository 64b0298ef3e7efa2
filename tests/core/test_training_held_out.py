"""What is taught and what is held out, and how well it ranks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from studio import scoring
from studio.encoders import embedded
from studio.training import __main__ as command
from studio.training import batches, held_out, loop
from studio.training.heads import ColbertHead, SparseHead
from studio.training.states import Collection, collections, encode
from studio.training.top import Top
from tests.core.training_data import made


def test_of_scales_within_one_standard_error_the_largest_is_taken() -> None:
    mixed = {0.5: 0.9, 1.0: 0.904, 2.0: 0.9, 4.0: 0.898}
    assert command.largest(mixed, 0.005) == 2.0
    assert command.largest(mixed, 0.0) == 1.0


def drawn(random: np.random.Generator) -> pd.DataFrame:
    """Two sources; in the first, groups stand in two collections, and their queries are alike."""
    rows = []
    for source, name, groups, each in (("a", "x", 30, 4), ("a", "y", 30, 2), ("b", "x", 50, 1)):
        for group in range(groups):
            rows += [(source, f"{source}/{name}", f"{source}/{group}")] * each
    found = pd.DataFrame(rows, columns=["source", "collection", "group"])
    alike = {group: random.random() for group in found["group"].unique()}
    found["fused"] = found["group"].map(alike) + 0.1 * random.random(len(found))
    return found.assign(dense=0.0, sparse=0.0, multi_vector=0.0)


def test_the_standard_error_is_that_of_a_mean_whose_groups_are_drawn() -> None:
    """Against the spread of as many draws."""
    random = np.random.default_rng(0)
    draws = [drawn(random) for _ in range(400)]
    means = [held_out.by_source(one)["fused"].mean() for one in draws]
    errors = [held_out.standard_error(one) for one in draws]
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.15)


def test_qualities_are_of_each_query_and_mode() -> None:
    scores = np.eye(3) + np.asarray([[0, 2, 0], [0, 0, 0], [0, 0, 0]])
    one = Collection("a/b", *[np.arange(3)] * 3, np.asarray(["g", "g", "h"]))
    modes = {"dense": scores, "sparse": 1 - scores, "multi_vector": scores}
    found = held_out.quality({"a/b": modes}, [one], 0.0)
    assert found["dense"].tolist() == found["fused"].tolist() == [1 / np.log2(3), 1, 1]
    assert found["sparse"].tolist() == pytest.approx([1 / np.log2(3), 0.5, 0.5])
    assert found["group"].tolist() == ["g", "g", "h"]
    assert held_out.by_source(found).loc["a", "dense"] == found["dense"].mean()


def test_no_passage_that_is_held_out_is_taught() -> None:
    texts, passages, every = collections(made())
    tried, taught = command.parted(every)
    (out,), (kept,) = tried, taught
    assert len(out.queries) + len(kept.queries) == len(every[0].queries) == len(texts)
    assert len(out.passages) == len(passages)
    answers = {passages[one] for one in out.passages[out.gold]}
    assert answers.isdisjoint(passages[one] for one in kept.passages)
    pairs = {(pair.query, pair.passage) for pair in made()}
    for one in (out, kept):
        for query, gold in zip(one.queries, one.gold, strict=True):
            assert (texts[query], passages[one.passages[gold]]) in pairs
    assert command.parted(every, "made")[1] == []


def test_scores_are_the_same_in_training_and_in_the_encoder() -> None:
    encoder = embedded.load(tuned=False)
    pairs = made()[:12]
    texts, passages, every = collections(pairs)
    asked, found = encoder.encode_queries(texts), encoder.encode_passages(passages)
    heads = encoder.heads
    model = loop.Model(
        Top(embedded.read().backbone, 6, 2),
        SparseHead(torch.zeros(2, 384)),
        ColbertHead(torch.randn(500, 384), 384),
    )
    factor, late = heads.factor, heads.late  # type: ignore[attr-defined]
    with torch.no_grad():
        model.sparse.mean, model.sparse.spread = torch.zeros(384), torch.ones(384)
        model.sparse.weight.copy_(factor.weight[0])
        model.sparse.bias.copy_(factor.bias[0])
        model.late.length = 1.0
        model.late.weight.copy_(late.weight)
        model.late.bias.copy_(late.bias)
    scores = held_out.scores(
        model,
        encode(encoder, encoder.queries(texts), 6),
        encode(encoder, encoder.passages(passages), 6),
        every[0],
        heads.information,  # type: ignore[attr-defined]
        embedded.LATE,
    )
    sparse = scoring.sparse(asked.sparse, found.sparse)
    late_scores = scoring.multi_vector(
        asked.multi_vector, asked.offsets, found.multi_vector, found.offsets
    )
    dense = scoring.dense(asked.dense, found.dense)
    assert scores["dense"] == pytest.approx(dense, abs=5e-3)  # bfloat16 there, float32 here
    assert scores["sparse"] == pytest.approx(sparse, rel=0.05, abs=float(0.02 * sparse.max()))
    assert scores["multi_vector"] == pytest.approx(late_scores, abs=1e-2)


def test_sources_share_the_steps_and_their_collections_by_the_root_of_queries() -> None:
    sizes = {"written/en": 16, "written/de": 4, "a/x": 9, "b/x": 4, "b/y": 4}
    every = [
        Collection(name, *[np.arange(size)] * 3, np.arange(size).astype(str))
        for name, size in sizes.items()
    ]
    assert loop.odds(every, 0.75) == pytest.approx([0.5, 0.25, 0.125, 0.0625, 0.0625])
    assert loop.odds(every[:2], 0.75) == pytest.approx([2 / 3, 1 / 3])
    assert loop.odds(every[3:], 0.75) == pytest.approx([0.5, 0.5])


def test_a_small_draw_keeps_every_querys_own_passage() -> None:
    whole = Collection(
        "a/b", np.arange(100, 130), np.arange(500, 550), np.arange(30), np.arange(30).astype(str)
    )
    random = np.random.default_rng(1)
    for _ in range(20):
        part = batches.draw(whole, 8, 20, random)
        assert len(part.queries) == 8
        assert len(part.passages) == 20
        assert (part.passages[part.gold] - 500 == part.queries - 100).all()


def test_states_through_the_last_layers_are_the_encoders_own() -> None:
    untuned = embedded.load(tuned=False)
    texts, passages, every = collections(made()[:5])
    cached = encode(untuned, untuned.passages(passages), 6)
    top = Top(embedded.read().backbone, 6, 2)
    with torch.no_grad():
        _, dense = top(cached, np.arange(5))
    found = untuned.encode_passages(passages)
    assert (cached.ids[cached.keep] == found.token_ids).all()
    assert (dense.numpy() * found.dense).sum(1) == pytest.approx(np.ones(5), abs=1e-3)
    assert len(texts) == len(every[0].queries) == 5
