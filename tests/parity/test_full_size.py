"""The full size of BGE-M3, 568M random parameters: do 24 layers still agree with the reference?

Writes 2.3 GB to the temporary folder and removes them; two forward passes of 8,192 tokens in each.
"""

from __future__ import annotations

import shutil

import pytest

from studio import encoders
from tests import checkpoints
from tests.parity.reference import Job, encoded
from tests.parity.test_encodings import SCRIPTS, assert_same

pytestmark = pytest.mark.slow

FULL_SIZE = {"hidden": 1_024, "layers": 24, "heads": 16, "intermediate": 4_096}
WHOLE = 8_192


@pytest.fixture
def folder(xlm_roberta, tmp_path):
    yield checkpoints.write(tmp_path / "m3", tokenizer=xlm_roberta, **FULL_SIZE)
    shutil.rmtree(tmp_path)


def test_the_full_size_is_the_references(ask, folder, words):
    texts = [*SCRIPTS[:6], words(512), words(WHOLE)]
    (answer,) = ask(folder, [Job("encode_corpus", texts, {"max_length": WHOLE, "batch_size": 1})])
    encoder = encoders.load(str(folder), device="cpu", passage_tokens=WHOLE)
    assert_same(encoder.encode_passages(texts), encoded(answer))
