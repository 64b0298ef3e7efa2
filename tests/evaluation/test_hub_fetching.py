"""Data sets over HTTP from a stand-in of the Hub: what is asked for, kept, refused, said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from eval import collection
from eval.layouts.registry import entries
from studio.errors import ReadingError
from tests.hub_server import Hub, instead_of_the_hub

from . import hub_replica as replica

ENTRY = entries()["miracl-hard-negatives/sw"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Hub]:
    other = {"am-corpus/dev-00000-of-00001.parquet": b"x", "script.py": b"raise SystemExit"}
    files = dict(replica.mteb_several("sw")) | other
    hub = Hub(files, repository=ENTRY.repository, commit=ENTRY.revision)
    with instead_of_the_hub(hub, tmp_path / "hub"):
        yield hub


def refusal() -> str:
    with pytest.raises(ReadingError) as refused:
        collection.load(ENTRY.name)
    return str(refused.value)


def test_only_the_files_of_the_subset_are_fetched(server: Hub) -> None:
    found = collection.load(ENTRY.name)
    assert [p.id for p in found.passages] == ["fox", "owl", "hen"]
    asked = {asked.what for asked in server.log}
    wanted = {name for name in server.files if name.startswith("sw-")} | {"README.md"}
    assert {what for what in asked if what in server.files} == wanted


def test_what_is_here_whole_is_loaded_again_without_a_request(server: Hub) -> None:
    first = collection.load(ENTRY.name)
    server.log.clear()
    assert collection.load(ENTRY.name) == first
    assert server.log == []


def test_what_is_here_in_part_is_completed(server: Hub, tmp_path: Path) -> None:
    first = collection.load(ENTRY.name)
    [part] = (tmp_path / "hub").glob("datasets--*/snapshots/*/sw-corpus/dev-00001-*")
    part.unlink()
    assert collection.load(ENTRY.name) == first


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ((403, "GatedRepo"), "mteb/MIRACLRetrievalHardNegatives is gated. Accept its terms at "),
        ((404, "RepoNotFound"), "The Hub has no data set mteb/MIRACLRetrievalHardNegatives that"),
        ((404, "RevisionNotFound"), f"but no revision {ENTRY.revision} of it."),
    ],
)
def test_what_the_hub_refuses_is_told_with_what_to_do(
    server: Hub, fault: tuple[int, str], sentence: str
) -> None:
    server.listing_fault = fault
    assert sentence in refusal()


def test_a_hub_that_fails_is_told_with_how_to_fetch_by_hand(server: Hub) -> None:
    server.listing_fault = (500, "")
    assert "hf download --repo-type dataset" in refusal()


def test_a_disk_that_cannot_be_written_is_told(server: Hub, tmp_path: Path) -> None:
    (tmp_path / "hub").write_text("in the way")
    assert "cannot be written" in refusal()


def test_without_a_network_the_sentence_says_so(
    server: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    said = refusal()
    assert "is not on this machine, and the Hub cannot be reached. With a network: hf" in said
