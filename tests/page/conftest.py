"""A server around the letter-counting encoder, and a session that has read three animals."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.encoders.lazy import LazyEncoder
from studio.ingest import ingest
from studio.passages import CutSettings
from studio.records import Document
from studio.ui.session import Server, Session
from tests.fakes import FakeEncoder

VISITOR = "visitor1"
ANIMALS = (
    Document("fox", "fox runs", title="", language="en", source="animals.csv"),
    Document("fax", "fax", title="", language="en", source="animals.csv"),
    Document("owl", "foxes and owls", title="Night", language="de", source="animals.csv"),
)


def pytest_configure(config: pytest.Config) -> None:
    # Gradio leaves event loops, and the sockets that wake these, to the collector.
    for what in ("event loop", "<socket.socket fd=[0-9]+, family=1,"):
        config.addinivalue_line("filterwarnings", f"ignore:unclosed {what}:ResourceWarning")


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
def read() -> Session:
    """A session in which the animals were read."""
    return Session(documents=ANIMALS, paths=("/tmp/animals.csv",))


@pytest.fixture
def animals(server: Server) -> str:
    """The animals as a kept collection; its name."""
    ingest(server.workspace(VISITOR), server.encoder.get(), ANIMALS, "animals", CutSettings())
    return "animals"
