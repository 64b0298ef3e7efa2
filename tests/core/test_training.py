"""Layers and heads are trained for real, by the real encoder, on a collection made here."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel

from studio.encoders import embedded, lexical, low_rank, packing
from studio.errors import EncoderError
from studio.training import __main__ as command
from studio.training import batches, held_out, loop
from studio.training.heads import ColbertHead, SparseHead
from studio.training.pairs import Pair, is_held_out
from studio.training.states import Collection, States, collections, encode
from studio.training.top import Top

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


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    folder = tmp_path_factory.mktemp("heads")
    recipe = loop.Recipe(
        steps=60,
        settling=10,
        queries=16,
        passages=48,
        frozen=10,
        pull_sparse=0.1,
        rate_sparse=1e-2,
    )
    return folder, command.run(made(), recipe, folder)


def test_the_loss_falls_and_what_was_held_out_ranks_better(trained: tuple[Path, dict]) -> None:
    _, report = trained
    assert report["losses"][-1] < 0.8 * report["losses"][0]
    start, end = (report["held_out"][name]["made"] for name in ("start", "trained"))
    assert end["sparse"] > start["sparse"] + 0.05
    assert end["multi_vector"] > start["multi_vector"] - 0.02
    assert end["dense"] > start["dense"] + 0.05
    assert end["fused"] > start["fused"]


def test_the_saved_heads_load_and_score_as_in_training(
    trained: tuple[Path, dict], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, report = trained
    files = tuple(folder / name for name in ("sparse_linear.pt", "colbert_linear.pt"))
    updates = folder / "low_rank.pt"
    assert sum(file.stat().st_size for file in files) < 2_000_000
    assert updates.stat().st_size < 8_000_000
    monkeypatch.setattr(embedded, "FILES", files)
    encoder = embedded.load(updates=updates)
    pairs = made()
    out = [pair for pair in pairs if is_held_out(pair, command.SHARE)]
    queries = encoder.encode_queries([pair.query for pair in out])
    passages = encoder.encode_passages([pair.passage for pair in pairs])
    gold = np.asarray([pairs.index(pair) for pair in out])
    found = {
        "dense": queries.dense @ passages.dense.T,
        "sparse": (queries.sparse @ passages.sparse.T).toarray(),
        "multi_vector": np.stack(
            [maxsim(queries, n, passages) for n in range(len(out))],
        ),
    }
    for mode, scores in found.items():
        mean = held_out.ndcg(scores, gold).mean()
        assert mean == pytest.approx(report["held_out"]["trained"]["made"][mode], abs=0.02)
    start = report["held_out"]["start"]["made"]
    assert held_out.ndcg(found["sparse"], gold).mean() > start["sparse"] + 0.05


def maxsim(queries, n, passages) -> np.ndarray:
    own = queries.multi_vector[queries.offsets[n] : queries.offsets[n + 1]]
    best = np.maximum.reduceat(passages.multi_vector @ own.T, passages.offsets[:-1], axis=0)
    return best.mean(axis=1)


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


def test_the_same_seed_gives_the_same_weights() -> None:
    random = np.random.default_rng(0)
    asked, found = states(random, 10), states(random, 10)
    every = [Collection("a/b", np.arange(10), np.arange(10), np.arange(10))]
    information = np.linspace(0, 5, 40, dtype=np.float32)
    recipe = loop.Recipe(
        steps=5, settling=2, queries=4, passages=6, frozen=1, rank=2, dimensions=(2, 4)
    )
    runs = []
    for _ in range(2):
        model = loop.begin(tiny(), found, recipe)
        losses = loop.train(model, asked, found, every, information, recipe)
        updates = [one for pair in model.top.updates().values() for one in pair]
        runs.append(([*updates, *model.late.parameters()], losses))
    for first, second in zip(runs[0][0], runs[1][0], strict=True):
        assert torch.equal(first, second)
    assert runs[0][1] == runs[1][1]
    assert all(one.abs().max() > 0 for one in runs[0][0])


def test_settled_layers_stand_at_the_mean_with_the_original_weights() -> None:
    top = Top(tiny(), 1, 2)
    with torch.no_grad():
        for parameter in top.trained():
            parameter.copy_(torch.randn(parameter.shape))
    whole = {name: up @ down for name, (down, up) in top.updates().items()}
    top.settle(0.5)
    for name, (down, up) in top.updates().items():
        torch.testing.assert_close(up @ down, whole[name] / 2)
    assert not top.trained()


def test_merged_updates_say_what_training_said(tmp_path: Path) -> None:
    found = states(np.random.default_rng(2), 6)
    top = Top(tiny(), 0, 2)
    with torch.no_grad():
        for parameter in top.trained():
            parameter.copy_(torch.randn(parameter.shape))
    hidden, _ = top(found, np.arange(6))
    low_rank.save(tmp_path / "low_rank.pt", top.updates())
    backbone = tiny()
    packing.prepare(backbone)
    untuned, tuned = [], []
    for made in (untuned, tuned):
        for first, last in zip(found.offsets, found.offsets[1:], strict=False):
            rows = torch.from_numpy(found.hidden[first:last]).float()[None]
            packed = packing.pack([found.ids[first:last]], 0, torch.device("cpu"))
            for layer in backbone.encoder.layer:
                rows = layer(rows, None, packed=packed)
            made.append(rows[0][torch.from_numpy(found.keep[first:last])].detach())
        if made is untuned:
            low_rank.merge(backbone, tmp_path / "low_rank.pt")
    assert (torch.cat(tuned) - hidden).abs().max() < 0.1  # bfloat16 there, float32 here
    assert (torch.cat(untuned) - hidden).abs().max() > 0.5


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"encoder.layer.7.output.dense.down": torch.ones(1, 2)}, "cannot be read as low-rank"),
        (
            {"encoder.layer.7.x.down": torch.ones(1, 2), "encoder.layer.7.x.up": torch.ones(2, 1)},
            "which this backbone does not have",
        ),
        (
            {
                "encoder.layer.0.output.dense.down": torch.full((1, 16), float("nan")),
                "encoder.layer.0.output.dense.up": torch.ones(8, 1),
            },
            "NaN",
        ),
    ],
)
def test_updates_that_do_not_fit_are_refused(
    tmp_path: Path, state: dict[str, torch.Tensor], sentence: str
) -> None:
    torch.save(state, tmp_path / "low_rank.pt")
    with pytest.raises(EncoderError, match=sentence):
        low_rank.merge(tiny(), tmp_path / "low_rank.pt")


def test_training_starts_at_the_prior_alone_and_at_principal_components() -> None:
    sample = torch.randn(200, 8, generator=torch.Generator().manual_seed(0)) + 2
    sparse, late = SparseHead(sample), ColbertHead(sample, 4)
    assert torch.equal(sparse(sample), torch.ones(200))
    assert sparse.pull().item() == late.pull().item() == 0
    torch.testing.assert_close(
        torch.nn.functional.normalize(late.linear()(sample), dim=-1), late(sample)
    )
    with torch.no_grad():
        sparse.weight += 0.1
    torch.testing.assert_close(
        torch.relu(sparse.linear(0.5)(sample)).squeeze(-1), 0.5 * sparse(sample)
    )


def test_emphasis_is_the_same_in_training_and_in_the_encoder() -> None:
    weights = np.asarray([0.0, 2.0, 1.0, 0.0, 0.0, 0.0], dtype=np.float32)
    found = lexical.emphasis(weights, np.asarray([0, 4, 6]))
    assert found == pytest.approx([0.1, 0.1 + 2.4, 0.1 + 1.2, 0.1, 1, 1])


def test_of_scales_within_one_standard_error_the_largest_is_taken() -> None:
    mixed = {0.5: 0.9, 1.0: 0.904, 2.0: 0.9, 4.0: 0.898}
    assert command.largest(mixed, 0.005) == 2.0
    assert command.largest(mixed, 0.0) == 1.0


def test_the_standard_error_is_that_of_a_mean_over_sources() -> None:
    """Against means of as many draws."""
    random = np.random.default_rng(0)
    sizes = {"a/x": 40, "a/y": 90, "b/x": 60}
    found = {name: {"error": (1 / 12 / size) ** 0.5} for name, size in sizes.items()}
    draws = []
    for _ in range(4000):
        drawn = {name: {"fused": random.random(size).mean()} for name, size in sizes.items()}
        a = (drawn["a/x"]["fused"] + drawn["a/y"]["fused"]) / 2
        draws.append((a + drawn["b/x"]["fused"]) / 2)
    assert command.standard_error(found) == pytest.approx(np.std(draws), rel=0.05)
    scores = np.eye(3) + np.asarray([[0, 2, 0], [0, 0, 0], [0, 0, 0]])
    one = Collection("a/b", np.arange(3), np.arange(3), np.arange(3))
    modes = {"dense": scores, "sparse": scores, "multi_vector": scores}
    expected = np.std([1 / np.log2(3), 1, 1]) / 3**0.5
    quality = held_out.quality({"a/b": modes}, [one], 1.0)
    assert quality["a/b"]["error"] == pytest.approx(expected)


def test_a_small_draw_keeps_every_querys_own_passage() -> None:
    whole = Collection("a/b", np.arange(100, 130), np.arange(500, 550), np.arange(30))
    random = np.random.default_rng(1)
    for _ in range(20):
        part = batches.draw(whole, 8, 20, random)
        assert len(part.queries) == 8
        assert len(part.passages) == 20
        assert (part.passages[part.gold] - 500 == part.queries - 100).all()


def test_states_through_the_last_layers_are_the_encoders_own() -> None:
    untuned = embedded.load(updates=None)
    texts, passages, every = collections(made()[:5])
    cached = encode(untuned, untuned.passages(passages), 6)
    top = Top(embedded.read().backbone, 6, 2)
    with torch.no_grad():
        _, dense = top(cached, np.arange(5))
    found = untuned.encode_passages(passages)
    assert (cached.ids[cached.keep] == found.token_ids).all()
    assert (dense.numpy() * found.dense).sum(1) == pytest.approx(np.ones(5), abs=1e-3)
    assert len(texts) == len(every[0].queries) == 5


def test_a_file_that_differs_ends_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Translation-cs.bz2").write_bytes(b"another")
    assert command.main([str(tmp_path)]) == 2
    assert "SHA-256 differs" in capsys.readouterr().err


def test_the_shipped_report_names_its_recipe_and_pairs() -> None:
    report = json.loads((embedded.FOLDER / "report.json").read_text("utf-8"))
    assert embedded.LATE in report["recipe"]["dimensions"]
    assert sum(map(len, report["pairs"].values())) > 40
    for modes in report["held_out"]["trained"].values():
        assert all(0.5 < value <= 1 for value in modes.values())
