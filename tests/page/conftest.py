"""A server around the letter-counting encoder, and an upload of three animals."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.encoders.lazy import LazyEncoder
from studio.ingest import ingest
from studio.passages import CutSettings
from studio.records import Document
from studio.ui.session import Server, Upload
from tests.fakes import FakeEncoder

VISITOR = "visitor1"
ANIMALS = (
    Document("fox", "fox runs", title="", language="en", source="animals.csv"),
    Document("fax", "fax", title="", language="en", source="animals.csv"),
    Document("owl", "foxes and owls", title="Night", language="de", source="animals.csv"),
)


@pytest.fixture
def encoder() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture
def server(encoder: FakeEncoder, tmp_path: Path) -> Server:
    return Server(LazyEncoder.ready(encoder), tmp_path / "home")


@pytest.fixture
def public(encoder: FakeEncoder, tmp_path: Path) -> Server:
    return Server(LazyEncoder.ready(encoder), tmp_path / "home", public=True)


@pytest.fixture
def read() -> Upload:
    """The animals, read."""
    return Upload(documents=ANIMALS, paths=("/tmp/animals.csv",))


@pytest.fixture
def animals(server: Server) -> str:
    """The animals as a kept collection; its name."""
    ingest(server.workspace(VISITOR), server.encoder.get(), ANIMALS, "animals", CutSettings())
    return "animals"
