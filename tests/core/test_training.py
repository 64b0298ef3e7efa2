"""Layers and heads are trained for real, by the real encoder, on a collection made here."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.encoders import embedded, lexical, low_rank
from studio.training import __main__ as command
from studio.training import held_out, loop
from studio.training.heads import ColbertHead, SparseHead
from studio.training.pairs import is_held_out
from studio.training.states import Collection
from tests.core.training_data import made, states, tiny


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


def test_the_saved_heads_load_and_score_as_in_training(trained: tuple[Path, dict]) -> None:
    folder, report = trained
    files = tuple(folder / name for name in ("sparse_linear.pt", "colbert_linear.pt"))
    updates = folder / "low_rank.pt"
    assert sum(file.stat().st_size for file in files) < 2_000_000
    assert updates.stat().st_size < 8_000_000
    encoder = embedded.load(folder=folder)
    pairs = made()
    out = [pair for pair in pairs if is_held_out(pair.group, command.SHARE)]
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
        told = report["held_out"]["trained"]["made"][mode]
        assert mean == pytest.approx(told, abs=0.05)  # close passages swap: bfloat16 there
    start = report["held_out"]["start"]["made"]
    assert held_out.ndcg(found["sparse"], gold).mean() > start["sparse"] + 0.05


def maxsim(queries, n, passages) -> np.ndarray:
    own = queries.multi_vector[queries.offsets[n] : queries.offsets[n + 1]]
    best = np.maximum.reduceat(passages.multi_vector @ own.T, passages.offsets[:-1], axis=0)
    return best.mean(axis=1)


def test_the_same_seed_gives_the_same_weights() -> None:
    random = np.random.default_rng(0)
    asked, found = states(random, 10), states(random, 10)
    every = [Collection("a/b", *[np.arange(10)] * 3, np.arange(10).astype(str))]
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


def test_a_tenth_of_emphasis_is_alike_and_its_mean_is_one() -> None:
    weights = np.asarray([0.0, 2.0, 1.0, 0.0, 0.0, 0.0], dtype=np.float32)
    found = lexical.emphasis(weights, np.asarray([0, 4, 6]))
    assert found == pytest.approx([0.1, 0.1 + 2.4, 0.1 + 1.2, 0.1, 1, 1])


def test_no_steps_save_the_untrained_start(tmp_path: Path) -> None:
    report = command.run(made(), loop.Recipe(steps=0, settling=0, frozen=11), tmp_path)
    assert report["losses"] == []
    assert report["held_out"]["start"] == report["held_out"]["trained"]
    state = torch.load(tmp_path / "low_rank.pt")
    assert all(not one.any() for name, one in state.items() if name.endswith(low_rank.UP))
    assert not torch.load(tmp_path / "sparse_linear.pt")["weight"].any()


def test_wrong_arguments_end_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    taken = str(tmp_path / "file" / "heads")
    for wrong in (["--steps", "-1"], ["--without", "nothing"], ["--output", taken]):
        with pytest.raises(SystemExit, match="2"):
            command.main([str(tmp_path), *wrong])


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
        assert all(0 < value <= 1 for value in modes.values())
