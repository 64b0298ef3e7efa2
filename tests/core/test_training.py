"""The heads are trained for real, by the real encoder, on a small collection made here."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.encoders import embedded, lexical
from studio.training import __main__ as command
from studio.training import batches, held_out, loop
from studio.training.heads import ColbertHead, SparseHead
from studio.training.pairs import Pair, is_held_out
from studio.training.states import Collection, States, collections, encode

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
    recipe = loop.Recipe(steps=150, queries=16, passages=48, pull_sparse=0.1, rate=3e-3)
    return folder, command.run(made(), recipe, folder)


def test_the_loss_falls_and_what_was_held_out_ranks_better(trained: tuple[Path, dict]) -> None:
    _, report = trained
    assert report["losses"][-1] < 0.8 * report["losses"][0]
    start, end = (report["held_out"][name]["made"] for name in ("start", "trained"))
    assert end["sparse"] > start["sparse"] + 0.05
    assert end["multi_vector"] > start["multi_vector"] - 0.02
    assert end["dense"] == start["dense"]


def test_the_saved_heads_load_and_score_as_in_training(
    trained: tuple[Path, dict], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, report = trained
    files = tuple(folder / name for name in ("sparse_linear.pt", "colbert_linear.pt"))
    assert sum(file.stat().st_size for file in files) < 2_000_000
    monkeypatch.setattr(embedded, "FILES", files)
    encoder = embedded.load()
    pairs = made()
    out = [pair for pair in pairs if is_held_out(pair, command.SHARE)]
    queries = encoder.encode_queries([pair.query for pair in out])
    passages = encoder.encode_passages([pair.passage for pair in pairs])
    gold = np.asarray([pairs.index(pair) for pair in out])
    found = {
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


def test_the_same_seed_gives_the_same_heads() -> None:
    random = np.random.default_rng(0)
    states = [
        States(
            random.standard_normal((60, 8)).astype(np.float16),
            random.integers(4, 30, 60),
            np.arange(0, 61, 6),
            random.standard_normal((10, 8)).astype(np.float32),
        )
        for _ in range(2)
    ]
    every = [Collection("a/b", np.arange(10), np.arange(10), np.arange(10))]
    information = np.linspace(0, 5, 40, dtype=np.float32)
    recipe = loop.Recipe(steps=5, queries=4, passages=6, dimension=4)
    heads = [loop.train(*states, every, information, recipe) for _ in range(2)]
    for first, second in zip(heads[0].late.parameters(), heads[1].late.parameters(), strict=True):
        assert torch.equal(first, second)
    assert heads[0].losses == heads[1].losses


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


def test_a_small_draw_keeps_every_querys_own_passage() -> None:
    whole = Collection("a/b", np.arange(100, 130), np.arange(500, 550), np.arange(30))
    random = np.random.default_rng(1)
    for _ in range(20):
        part = batches.draw(whole, 8, 20, random)
        assert len(part.queries) == 8
        assert len(part.passages) == 20
        assert (part.passages[part.gold] - 500 == part.queries - 100).all()


def test_states_are_those_of_the_encoder(e5_encoder) -> None:
    texts, passages, every = collections(made()[:5])
    states = encode(e5_encoder, e5_encoder.passages(passages))
    found = e5_encoder.encode_passages(passages)
    assert (states.ids == found.token_ids).all()
    assert (states.offsets == found.offsets).all()
    assert states.dense == pytest.approx(found.dense, abs=1e-5)
    assert len(texts) == len(every[0].queries) == 5


def test_a_file_that_differs_ends_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Translation-cs.bz2").write_bytes(b"another")
    assert command.main([str(tmp_path)]) == 2
    assert "SHA-256 differs" in capsys.readouterr().err


def test_the_shipped_report_names_its_recipe_and_pairs() -> None:
    report = json.loads((embedded.FOLDER / "report.json").read_text("utf-8"))
    assert report["recipe"]["dimension"] == 128
    assert sum(map(len, report["pairs"].values())) > 40
    for modes in report["held_out"]["trained"].values():
        assert all(0.5 < value <= 1 for value in modes.values())
