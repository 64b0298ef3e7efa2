from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.encoders import embedded
from studio.errors import Cancelled, EncoderError
from tests.fakes import plain

MIXED = [
    "fox",
    "",
    "The red fox runs through the forest at night, and nobody sees it.",
    "?",
    "红色的狐狸在睡觉。",
    "🦊",
    "الثعلب الأحمر " * 9,
    "night " * 90,
    "   ",
]


@pytest.fixture(scope="module")
def mixed(e5_encoder):
    return e5_encoder.encode_passages(MIXED)


def test_it_says_what_it_is(e5_encoder):
    assert e5_encoder.name == "embedded"
    assert "bge" not in e5_encoder.title.lower()
    assert (e5_encoder.dimension, e5_encoder.multi_vector_dimension) == (384, 128)
    assert e5_encoder.max_tokens == 512
    assert e5_encoder.vocabulary == 250_002


def test_the_three_representations_have_their_shapes(mixed, e5_encoder):
    n, tokens = len(MIXED), mixed.offsets[-1]
    assert mixed.dense.shape == (n, 384)
    assert mixed.sparse.shape == (n, e5_encoder.vocabulary)
    assert mixed.multi_vector.shape == (tokens, 128)
    assert mixed.spans.shape == (tokens, 2)
    assert mixed.dense.dtype == mixed.sparse.dtype == mixed.multi_vector.dtype == np.float32
    assert (np.diff(mixed.offsets) >= 1).all()


def test_every_vector_has_unit_length(mixed):
    assert np.linalg.norm(mixed.dense, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.linalg.norm(mixed.multi_vector, axis=1) == pytest.approx(1, abs=1e-5)


def test_sparse_weights_are_the_prior_times_the_heads_factor(e5, e5_encoder, monkeypatch):
    text = "The red fox and the red hen saw another red fox."
    whole = e5_encoder.encode_passages([text])
    one = torch.nn.Linear(384, 1)
    one.weight.data.zero_()
    one.bias.data.fill_(1)
    monkeypatch.setattr(e5_encoder, "heads", replace(e5_encoder.heads, factor=one))
    found = e5_encoder.encode_passages([text])
    ids = found.token_ids.tolist()
    expected = {}
    for token in ids:
        rarity = max(0.0, -float(e5.log_probabilities[token]) - 4) ** 0.75
        often, length = ids.count(token), len(ids)
        factor = often * 2.2 / (often + 1.2 * (0.25 + 0.75 * length / 120))
        if token > 3 and rarity:
            expected[token] = rarity * factor
    row = found.sparse[[0]]
    assert dict(zip(row.indices.tolist(), row.data.tolist(), strict=True)) == pytest.approx(
        expected, rel=1e-5
    )
    assert set(whole.sparse[[0]].indices) <= set(row.indices)
    assert not np.allclose(whole.sparse[[0]].sum(), row.sum())


def test_heads_of_another_shape_are_refused_by_name(tmp_path):
    folder = shutil.copytree(embedded.FOLDER, tmp_path / "heads")
    torch.save(torch.nn.Linear(16, 8).state_dict(), folder / "colbert_linear.pt")
    with pytest.raises(EncoderError, match=r"colbert_linear\.pt has weights of shape \(8, 16\)"):
        embedded.load(folder=folder)


def test_the_revision_names_the_heads_and_whether_the_layers_are_tuned(tmp_path, e5_encoder):
    folder = shutil.copytree(embedded.FOLDER, tmp_path / "heads")
    state = torch.load(folder / "sparse_linear.pt")
    torch.save({**state, "bias": state["bias"] * 2}, folder / "sparse_linear.pt")
    shipped, other = embedded.revision(), embedded.revision(folder)
    assert shipped != other
    assert e5_encoder.revision.endswith(shipped)
    assert embedded.load(folder=folder, tuned=False).revision.endswith(f"{other}, not tuned")


def test_texts_together_equal_texts_one_by_one(mixed, e5_encoder):
    for i, text in enumerate(MIXED):
        alone = e5_encoder.encode_passages([text])
        rows = slice(mixed.offsets[i], mixed.offsets[i + 1])
        assert mixed.dense[[i]] == pytest.approx(alone.dense, abs=1e-5)
        assert mixed.multi_vector[rows] == pytest.approx(alone.multi_vector, abs=1e-5)
        assert mixed.sparse[[i]].toarray() == pytest.approx(alone.sparse.toarray(), abs=1e-5)
        assert mixed.token_ids[rows].tolist() == alone.token_ids.tolist()
        assert mixed.tokens[i] == alone.tokens[0]


def test_one_forward_pass_per_batch_gives_all_three(e5_encoder, monkeypatch):
    monkeypatch.setattr(e5_encoder, "budget", 64)
    texts = ["fox " * n for n in (1, 30, 5, 12, 2, 7)]
    calls = []
    hook = e5_encoder.backbone.register_forward_hook(
        lambda _module, _args, given, _out: calls.append(given["input_ids"].numel()),
        with_kwargs=True,
    )
    try:
        e5_encoder.encode_passages(texts)
    finally:
        hook.remove()
    assert sum(calls) == sum(e5_encoder.count_tokens(texts))  # each token once, and no padding
    assert 1 < len(calls) <= len(texts)


def test_dense_is_the_mean_of_all_hidden_states_and_colbert_the_heads_of_the_texts(e5_encoder):
    ids = torch.tensor([e5_encoder.tokenizer.encode("passage: red fox").ids])
    found = e5_encoder.encode_passages(["red fox"])
    with torch.inference_mode(), plain(e5_encoder.backbone):
        hidden = e5_encoder.backbone(input_ids=ids).last_hidden_state[0]
        made = e5_encoder.heads.late(hidden[-len(found.token_ids) :])[:, : embedded.LATE]
    mean = hidden.mean(dim=0).numpy()
    assert found.dense[0] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)
    unit = torch.nn.functional.normalize(made, dim=-1).numpy()
    assert found.multi_vector == pytest.approx(unit, abs=1e-5)
    pieces = e5_encoder.pieces(found.token_ids)
    assert "".join(pieces) == "▁red▁fox</s>"


def test_a_querys_tokens_count_by_their_sparse_weights(e5_encoder):
    found = e5_encoder.encode_queries(["who was the red fox", ""])
    lengths = np.linalg.norm(found.multi_vector, axis=1)
    first, last = lengths[: found.offsets[1]], lengths[found.offsets[1] :]
    weights = dict(zip(found.sparse[[0]].indices, found.sparse[[0]].data, strict=True))
    expected = np.asarray([weights.get(token, 0.0) for token in found.token_ids[: len(first)]])
    assert first == pytest.approx(0.1 + 0.9 * expected * len(first) / expected.sum(), abs=1e-5)
    assert first.mean() == pytest.approx(1, abs=1e-5)
    assert last == pytest.approx(1, abs=1e-5)  # </s> alone has no sparse weight


def test_queries_and_passages_take_different_prefixes(e5_encoder):
    query, passage = (
        f(["red fox"]) for f in (e5_encoder.encode_queries, e5_encoder.encode_passages)
    )
    assert query.token_ids.tolist() == passage.token_ids.tolist()
    assert not np.allclose(query.dense, passage.dense, atol=1e-3)


@pytest.mark.parametrize("text", ["", "x", "?", "🦊", "的", "\n"])
def test_the_shortest_texts_are_encoded(e5_encoder, text):
    found = e5_encoder.encode_queries([text])
    assert np.isfinite(found.dense).all()
    assert np.isfinite(found.multi_vector).all()
    assert len(found.multi_vector) >= 1
    assert not found.truncated[0]


def test_ten_thousand_characters_are_cut_at_512_tokens_and_it_is_said(e5_encoder):
    text = ("The red fox runs at night. " * 400)[:10_000]
    found = e5_encoder.encode_passages([text])
    assert found.truncated.tolist() == [True]
    assert found.tokens.tolist() == e5_encoder.count_tokens([text])
    assert found.tokens[0] > 512
    prefix = len(e5_encoder.tokenizer.encode("passage:").ids) - 1  # with <s>, without </s>
    assert len(found.multi_vector) == 512 - prefix
    assert found.token_ids[-1] == 2


def test_no_text_gives_empty_encodings_of_the_right_width(e5_encoder):
    none = e5_encoder.encode_passages([])
    assert (none.dense.shape, none.sparse.shape) == ((0, 384), (0, 250_002))
    assert none.multi_vector.shape == (0, 128)
    assert none.spans.shape == (0, 2)


def test_progress_hears_of_every_batch_and_may_stop_the_work(e5_encoder, monkeypatch):
    monkeypatch.setattr(e5_encoder, "budget", 32)
    heard = []

    def watch(done: int, total: int, what: str) -> None:
        heard.append((done, total))
        if done >= 3:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        e5_encoder.encode_passages(["fox " * 20] * 9, watch)
    assert heard == [(0, 9), (1, 9), (2, 9), (3, 9)]


def test_a_question_finds_its_answer_in_another_language(e5_encoder):
    query = e5_encoder.encode_queries(["Where do foxes live?"])
    answers = ["Füchse leben im Wald.", "Der Zug fährt um acht.", "Der Zucker ist süß."]
    assert (query.dense @ e5_encoder.encode_passages(answers).dense.T).argmax() == 0
