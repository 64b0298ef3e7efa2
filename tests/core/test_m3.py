"""A tiny random checkpoint of BGE-M3's layout, held against the reference's definition."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys

import huggingface_hub.constants
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from studio import encoders
from studio.encoders import m3
from studio.errors import EncoderError
from tests.fakes import plain, word_tokenizer

TEXTS = ["The red fox runs at night.", "fox", "", "红色的狐狸在睡觉。 fox fox", "night " * 30]
HIDDEN, LATE = 32, 32


@pytest.fixture(scope="module")
def checkpoint(xlm_roberta, tmp_path_factory):
    from transformers import XLMRobertaConfig, XLMRobertaModel

    folder = tmp_path_factory.mktemp("tiny-m3")
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=250_002, hidden_size=HIDDEN, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=64, max_position_embeddings=514, type_vocab_size=1,
        pad_token_id=1, bos_token_id=0, eos_token_id=2, layer_norm_eps=1e-5,
    )  # fmt: skip
    XLMRobertaModel(config, add_pooling_layer=False).save_pretrained(folder)
    xlm_roberta.save(str(folder / "tokenizer.json"))
    torch.save(torch.nn.Linear(HIDDEN, 1).half().state_dict(), folder / "sparse_linear.pt")
    torch.save(torch.nn.Linear(HIDDEN, LATE).half().state_dict(), folder / "colbert_linear.pt")
    return folder


@pytest.fixture(scope="module")
def tiny(checkpoint):
    return encoders.load(str(checkpoint), device="cpu", query_tokens=32, passage_tokens=32)


@pytest.fixture
def broken(checkpoint, tmp_path):
    return shutil.copytree(checkpoint, tmp_path / "broken", copy_function=shutil.copy)


def hidden_states(tiny, text: str) -> tuple[list[int], torch.Tensor]:
    ids = tiny.tokenizer.encode(text).ids
    if len(ids) > 32:
        ids = [*ids[:31], 2]
    with torch.inference_mode(), plain(tiny.backbone):
        return ids, tiny.backbone(input_ids=torch.tensor([ids])).last_hidden_state[0]


def head(folder, name: str) -> tuple[torch.Tensor, torch.Tensor]:
    state = torch.load(folder / name, weights_only=True)
    return state["weight"].float(), state["bias"].float()


def test_dense_is_the_first_state_at_unit_length(tiny):
    found = tiny.encode_passages(TEXTS)
    for row, text in zip(found.dense, TEXTS, strict=True):
        first = hidden_states(tiny, text)[1][0].numpy()
        assert row == pytest.approx(first / np.linalg.norm(first), abs=1e-5)


def test_sparse_is_the_largest_rectified_weight_of_each_ordinary_token(tiny, checkpoint):
    weight, bias = head(checkpoint, "sparse_linear.pt")
    found = tiny.encode_passages(TEXTS)
    for i, text in enumerate(TEXTS):
        ids, hidden = hidden_states(tiny, text)
        expected: dict[int, float] = {}
        for token, state in zip(ids, hidden, strict=True):
            value = max(0.0, float(weight[0] @ state + bias[0]))
            if token not in (0, 1, 2, 3) and value > 0:
                expected[token] = max(expected.get(token, 0.0), value)
        row = found.sparse[[i]]
        got = dict(zip(row.indices.tolist(), row.data.tolist(), strict=True))
        assert got == pytest.approx(expected, abs=1e-5)


def test_colbert_projects_every_token_but_the_first(tiny, checkpoint):
    weight, bias = head(checkpoint, "colbert_linear.pt")
    found = tiny.encode_passages(TEXTS)
    for i, text in enumerate(TEXTS):
        ids, hidden = hidden_states(tiny, text)
        rows = slice(found.offsets[i], found.offsets[i + 1])
        late = (hidden[1:] @ weight.T + bias).numpy()
        late /= np.linalg.norm(late, axis=1, keepdims=True)
        assert found.multi_vector[rows] == pytest.approx(late, abs=1e-5)
        assert found.token_ids[rows].tolist() == ids[1:]


def test_a_longer_text_is_cut_before_its_end(tiny):
    found = tiny.encode_passages(TEXTS)
    assert tiny.max_tokens == 32
    assert found.truncated.tolist() == [False, False, False, False, True]
    assert np.diff(found.offsets)[-1] == 31


def test_queries_take_no_prefix(tiny):
    query, passage = tiny.encode_queries(TEXTS[:2]), tiny.encode_passages(TEXTS[:2])
    assert (query.dense == passage.dense).all()


def test_it_is_named_after_its_folder_and_precision(tiny, checkpoint):
    assert tiny.name == str(checkpoint)
    assert tiny.title == f"BGE-M3 layout · {checkpoint}"
    assert tiny.revision == m3.fingerprint(checkpoint)
    assert tiny.precision == "float32"
    assert (tiny.dimension, tiny.multi_vector_dimension) == (HIDDEN, LATE)


@pytest.mark.parametrize("file", ["config.json", "sparse_linear.pt", "model.safetensors"])
def test_a_folder_with_another_content_is_another_revision(checkpoint, broken, file):
    shutil.copystat(checkpoint / "model.safetensors", broken / "model.safetensors")
    assert m3.fingerprint(broken) == m3.fingerprint(checkpoint)
    (broken / file).write_bytes((broken / file).read_bytes() + b" ")
    assert m3.fingerprint(broken) != m3.fingerprint(checkpoint)


def test_a_narrower_colbert_head_gives_narrower_vectors(broken):
    torch.save(torch.nn.Linear(HIDDEN, 8).state_dict(), broken / "colbert_linear.pt")
    narrow = encoders.load(str(broken), device="cpu")
    assert (
        narrow.multi_vector_dimension == narrow.encode_queries(["fox"]).multi_vector.shape[1] == 8
    )


@pytest.mark.parametrize(
    "file", ["config.json", "tokenizer.json", "sparse_linear.pt", "colbert_linear.pt"]
)
def test_a_missing_file_is_named(broken, file):
    (broken / file).unlink()
    with pytest.raises(EncoderError, match=f"{file} missing"):
        encoders.load(str(broken))


def test_missing_weights_are_named_with_both_forms(broken):
    (broken / "model.safetensors").unlink()
    with pytest.raises(EncoderError, match=r"model\.safetensors or pytorch_model\.bin missing"):
        encoders.load(str(broken))


@pytest.mark.parametrize(
    ("file", "shape"),
    [
        ("sparse_linear.pt", (HIDDEN, 2)),
        ("sparse_linear.pt", (16, 1)),
        ("colbert_linear.pt", (16, 8)),
    ],
)
def test_a_misshapen_head_is_named_with_its_shape(broken, file, shape):
    torch.save(torch.nn.Linear(*shape).state_dict(), broken / file)
    with pytest.raises(
        EncoderError, match=rf"{file} has weights of shape \({shape[1]}, {shape[0]}"
    ):
        encoders.load(str(broken))


@pytest.mark.parametrize("content", [b"", b"not a tensor", b"PK\x03\x04rubbish"])
def test_a_head_that_cannot_be_read_is_named(broken, content):
    (broken / "sparse_linear.pt").write_bytes(content)
    with pytest.raises(EncoderError, match=r"sparse_linear\.pt cannot be read"):
        encoders.load(str(broken))


def test_a_head_without_a_bias_is_an_error_and_not_a_guess(broken):
    torch.save({"weight": torch.zeros(1, HIDDEN)}, broken / "sparse_linear.pt")
    with pytest.raises(EncoderError, match=r"sparse_linear\.pt cannot be read"):
        encoders.load(str(broken))


@pytest.mark.parametrize("bias", [torch.tensor(0.0), torch.zeros(3)])
def test_a_misshapen_bias_is_an_error(broken, bias):
    torch.save({"weight": torch.zeros(1, HIDDEN), "bias": bias}, broken / "sparse_linear.pt")
    with pytest.raises(EncoderError, match=r"sparse_linear\.pt"):
        encoders.load(str(broken))


def test_a_head_whose_weight_has_no_rows_is_an_error(broken):
    torch.save({"weight": torch.tensor(1.0), "bias": torch.zeros(1)}, broken / "colbert_linear.pt")
    with pytest.raises(EncoderError, match=r"colbert_linear\.pt"):
        encoders.load(str(broken))


def test_a_truncated_weights_file_is_an_encoder_error(broken):
    (broken / "model.safetensors").write_bytes(b"rubbish")
    with pytest.raises(EncoderError):
        encoders.load(str(broken))


def test_an_unknown_precision_is_refused_with_the_known_ones(checkpoint):
    with pytest.raises(EncoderError, match=r"float32, float16, bfloat16"):
        encoders.load(str(checkpoint), precision="int4")


def test_half_precision_says_so_and_stays_near(tiny, checkpoint):
    half = encoders.load(str(checkpoint), device="cpu", precision="bfloat16")
    assert half.precision == "bfloat16"
    near = (half.encode_queries(["fox"]).dense * tiny.encode_queries(["fox"]).dense).sum()
    assert near == pytest.approx(1, abs=0.01)


def test_a_cached_model_loads_without_a_word_to_the_network(checkpoint, monkeypatch, tmp_path):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    snapshots = tmp_path / "models--BAAI--bge-m3" / "snapshots"
    snapshots.mkdir(parents=True)
    shutil.copytree(checkpoint, snapshots / m3.HUB_REVISION)

    def refuse(*_args, **_kwargs):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    loaded = encoders.load("auto", device="cpu")
    assert (loaded.name, loaded.revision) == ("BAAI/bge-m3", m3.HUB_REVISION)


def test_code_beside_the_weights_is_never_run(broken, tmp_path):
    proof = tmp_path / "it ran"
    (broken / "evil.py").write_text(f"open({str(proof)!r}, 'w')\nclass Evil: pass\n")
    config = json.loads((broken / "config.json").read_text())
    config |= {"auto_map": {"AutoModel": "evil.Evil", "AutoConfig": "evil.Evil"}}
    (broken / "config.json").write_text(json.dumps(config))
    code = f"from studio import encoders; encoders.load({str(broken)!r}, device='cpu')"
    subprocess.run([sys.executable, "-c", code], input="y\n", text=True, capture_output=True)
    assert not proof.exists()


def test_a_head_that_would_run_code_is_refused(broken, tmp_path):
    proof = tmp_path / "it ran"

    class Evil:
        def __reduce__(self):
            return (open, (str(proof), "w"))

    torch.save({"weight": Evil(), "bias": Evil()}, broken / "sparse_linear.pt")
    with pytest.raises(EncoderError):
        encoders.load(str(broken), device="cpu")
    assert not proof.exists()


def test_a_model_of_another_kind_is_refused_by_its_type(broken):
    config = json.loads((broken / "config.json").read_text())
    (broken / "config.json").write_text(json.dumps(config | {"model_type": "bert"}))
    with pytest.raises(EncoderError, match=r"model of type 'bert'.*xlm-roberta with two heads"):
        encoders.load(str(broken))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"model_type": "nonsense"}'])
def test_a_config_that_cannot_be_read_is_named(broken, content):
    (broken / "config.json").write_text(content)
    with pytest.raises(EncoderError, match=r"config\.json|model of type"):
        encoders.load(str(broken))


def test_the_tokenizer_of_another_model_is_refused(broken):
    word_tokenizer().save(str(broken / "tokenizer.json"))
    content = json.loads((broken / "tokenizer.json").read_text())
    content["model"]["vocab"] = {"<unk>": 0, "<s>": 1, "</s>": 2, "<pad>": 3}
    (broken / "tokenizer.json").write_text(json.dumps(content))
    with pytest.raises(EncoderError, match=r"tokenizer\.json is not this model's tokenizer"):
        encoders.load(str(broken))


def test_a_tokenizer_that_cannot_be_read_is_named(broken):
    (broken / "tokenizer.json").write_text("{}")
    with pytest.raises(EncoderError, match=r"tokenizer\.json cannot be read"):
        encoders.load(str(broken))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_found_at_load(broken, bad):
    state = load_file(broken / "model.safetensors")
    name = "encoder.layer.1.output.dense.weight"
    state[name][3, 4] = bad
    save_file(state, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EncoderError, match=rf"{name} in .* holds NaN or infinite"):
        encoders.load(str(broken))


def test_a_head_with_a_weight_that_is_no_number_is_named(broken):
    weight = torch.full((1, HIDDEN), float("nan"))
    torch.save({"weight": weight, "bias": torch.zeros(1)}, broken / "sparse_linear.pt")
    with pytest.raises(EncoderError, match=r"sparse_linear\.pt holds NaN"):
        encoders.load(str(broken))


def test_weights_that_lack_a_layer_are_refused(broken):
    state = load_file(broken / "model.safetensors")
    kept = {name: tensor for name, tensor in state.items() if "layer.1." not in name}
    save_file(kept, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EncoderError, match=r"lack \d+ tensors, encoder\.layer\.1\."):
        encoders.load(str(broken))


def test_more_tokens_than_the_model_has_positions_are_refused(checkpoint):
    with pytest.raises(EncoderError, match="reads up to 512 tokens; 513 were asked for"):
        encoders.load(str(checkpoint), passage_tokens=513)


def test_queries_and_passages_are_cut_at_limits_of_their_own(checkpoint):
    both = encoders.load(str(checkpoint), device="cpu", query_tokens=8, passage_tokens=16)
    long = ["night " * 30]
    assert both.encode_queries(long).offsets.tolist() == [0, 7]
    assert both.encode_passages(long).offsets.tolist() == [0, 15]


def test_int8_is_near_float32_and_said(tiny, checkpoint):
    small = encoders.load(str(checkpoint), device="cpu", precision="int8", query_tokens=32)
    assert small.precision == "int8"
    near = (small.encode_queries(TEXTS).dense * tiny.encode_queries(TEXTS).dense).sum(axis=1)
    assert 0.99 < near.min() < 1


def test_a_cut_dimension_is_renormalised_and_said(tiny, checkpoint):
    short = encoders.load(str(checkpoint), device="cpu", dimension=12, query_tokens=32)
    whole, cut = tiny.encode_queries(TEXTS), short.encode_queries(TEXTS)
    assert short.title.endswith("first 12 of 32 dimensions")
    for mode in ("dense", "multi_vector"):
        rows = getattr(whole, mode)[:, :12]
        expected = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        assert getattr(cut, mode) == pytest.approx(expected, abs=1e-5)
    assert (whole.sparse != cut.sparse).nnz == 0
