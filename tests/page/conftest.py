"""A server around the letter-counting encoder, and an upload of three animals."""

from __future__ import annotations

import json
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

CORPUS = [("fox", "fox"), ("fax", "fax"), ("owl", "owl owl")]
QUERIES = [("q1", "fax", "en", "identifier"), ("q2", "owl", "de", "paraphrase")]
GRADES = [("q1", "fax", 2), ("q1", "fox", 0), ("q2", "owl", 1)]


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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A judged collection whose every query has its own word: all modes are perfect."""
    place = tmp_path / "tiny" / "beir"
    (place / "qrels").mkdir(parents=True)
    corpus = [{"_id": name, "title": "", "text": text} for name, text in CORPUS]
    queries = [{"_id": i, "text": t, "language": n, "kind": k} for i, t, n, k in QUERIES]
    for name, lines in (("corpus", corpus), ("queries", queries)):
        (place / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    rows = ["query-id\tcorpus-id\tscore", *(f"{q}\t{p}\t{g}" for q, p, g in GRADES)]
    (place / "qrels" / "test.tsv").write_text("\n".join(rows), "utf-8")
    return place
