"""Downloads from a stand-in of the Hub over HTTP: what is fetched, kept, refused, and said."""

from __future__ import annotations

import os
import random
import shutil
import threading
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub import constants
from huggingface_hub.utils import WeakFileLock

from studio.encoders import download, hub, remote
from studio.errors import Cancelled, EncoderError
from tests.hub_server import Asked, Hub, git_sha1, instead_of_the_hub, sha256

WEIGHTS = random.Random(0).randbytes(3_500_000)
CONFIG = b'{"hidden_size": 8}'
BIN, SAFE = "pytorch_model.bin", "model.safetensors"
GROUPS = (["config.json"], [SAFE, BIN])
NAME = "someone/model"


@pytest.fixture
def server(tmp_path):
    """A model as BAAI/bge-m3 is: its weights come as a .bin alone, among files nobody needs."""
    model = Hub({"config.json": CONFIG, BIN: WEIGHTS, "onnx/model.bin": b"x", "README.md": b"x"})
    with instead_of_the_hub(model, tmp_path / "cache"):
        yield model


@pytest.fixture
def blobs(server, tmp_path) -> Path:
    return tmp_path / "cache" / "models--someone--model" / "blobs"


@pytest.fixture
def partial(blobs) -> Path:
    return blobs / f"{sha256(WEIGHTS)}.studio.incomplete"


def fetch(revision: str | None = None, progress=hub.silent) -> Path:
    return hub.fetch(NAME, revision, *GROUPS, progress=progress)


def refused(revision: str | None = None) -> str:
    with pytest.raises(EncoderError) as error:
        fetch(revision)
    return str(error.value)


def stop_at(megabytes: int):
    """A progress that cancels when this much is there."""

    def progress(done: int, total: int, what: str) -> None:
        if done >= megabytes:
            raise Cancelled("Cancelled.")

    return progress


# What is fetched


def test_only_the_first_alternative_that_exists_is_fetched(server):
    folder = fetch()
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", BIN]
    assert (folder / BIN).read_bytes() == WEIGHTS
    assert (folder / "config.json").read_bytes() == CONFIG
    assert folder.name == server.commit
    assert [asked.what for asked in server.log] == ["list", "config.json", f"redirect {BIN}", BIN]


def test_safetensors_come_before_a_bin(server):
    server.files[SAFE] = b"safe"
    folder = fetch()
    assert (folder / SAFE).read_bytes() == b"safe"
    assert not (folder / BIN).exists()
    assert server.asked_for(BIN) == []


def test_an_alternative_that_is_here_already_spares_the_first_choice(server):
    folder = fetch()
    server.files[SAFE] = b"safe"
    (folder / "config.json").unlink()
    assert fetch() == folder
    assert server.asked_for(SAFE) == []
    assert (folder / "config.json").read_bytes() == CONFIG


def test_a_file_in_a_folder_has_its_place(server):
    folder = hub.fetch(NAME, None, ["onnx/model.bin"])
    assert (folder / "onnx" / "model.bin").read_bytes() == b"x"
    assert hub.fetch(NAME, None, ["onnx/model.bin"]) == folder


def test_an_empty_file_is_a_file(server):
    server.files["config.json"] = b""
    assert (fetch() / "config.json").read_bytes() == b""


@pytest.mark.parametrize("revision", [None, "main", Hub({}).commit])
def test_what_is_here_is_used_without_a_word_to_the_network(server, revision):
    folder = fetch(revision)
    server.log.clear()
    assert fetch(revision) == folder
    assert hub.cached(NAME, revision or "main", *GROUPS)
    assert server.log == []


def test_a_branch_that_has_moved_on_is_another_folder_and_equal_files_are_shared(server, blobs):
    first = fetch()
    server.commit = "decade00" * 5
    server.files["config.json"] = b"{}"
    (first / "config.json").unlink()
    server.log.clear()
    second = fetch()
    assert second.name == server.commit
    assert (second / BIN).samefile(first / BIN)
    assert server.asked_for(BIN) == []
    assert len(list(blobs.iterdir())) == 3


def test_the_cache_is_one_that_huggingface_hub_knows(server, tmp_path):
    folder = fetch()
    [repository] = huggingface_hub.scan_cache_dir(tmp_path / "cache").repos
    assert repository.repo_id == NAME
    assert repository.size_on_disk == len(WEIGHTS) + len(CONFIG)
    assert list(repository.refs) == ["main"]
    server.log.clear()
    for file in ("config.json", BIN):  # it asks for the checksum and finds the file by that
        (folder / file).unlink()
        found = huggingface_hub.hf_hub_download(NAME, file, cache_dir=tmp_path / "cache")
        assert Path(found) == folder / file
    assert (folder / BIN).read_bytes() == WEIGHTS
    assert server.log == []


def test_a_disk_without_links_gets_the_files_themselves(server, blobs, monkeypatch):
    def refuse(*_):
        raise OSError(1, "no links here")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    folder = fetch()
    assert not (folder / BIN).is_symlink()
    assert (folder / BIN).read_bytes() == WEIGHTS
    assert list(blobs.iterdir()) == []
    server.log.clear()
    assert fetch() == folder
    assert server.log == []


def test_a_link_whose_blob_was_removed_is_mended(server, blobs):
    folder = fetch()
    (blobs / sha256(WEIGHTS)).unlink()
    (folder / "config.json").unlink()
    (folder / "config.json").symlink_to(blobs / "gone")
    assert not hub.cached(NAME, "main", *GROUPS)
    assert fetch() == folder
    assert (folder / BIN).read_bytes() == WEIGHTS
    assert (folder / "config.json").read_bytes() == CONFIG


def test_a_blob_that_another_program_left_cut_off_is_fetched_anew(server, blobs):
    blobs.mkdir(parents=True)
    (blobs / sha256(WEIGHTS)).write_bytes(WEIGHTS[:100])
    assert (fetch() / BIN).read_bytes() == WEIGHTS


def test_the_token_goes_to_the_hub_and_not_to_the_store(server, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetch()
    sent = {asked.what: asked.token for asked in server.log}
    assert sent == {"list": True, "config.json": True, f"redirect {BIN}": True, BIN: False}


# Progress, cancel, resume


def test_progress_is_monotone_in_megabytes_and_ends_at_the_total(server):
    calls = []
    fetch(progress=lambda *call: calls.append(call))
    done = [call[0] for call in calls]
    assert done == sorted(done)
    assert set(done) == {0, 1, 2, 3, 4}
    assert {call[1:] for call in calls} == {(4, "downloading someone/model (MB)")}
    assert done[-1] == 4  # 3.5 MB and a few bytes, rounded up


def test_a_cancel_stops_at_once_and_the_next_call_asks_only_for_the_rest(server, partial):
    with pytest.raises(Cancelled):
        fetch(progress=stop_at(2))
    kept = partial.stat().st_size
    assert 900_000 < kept < 1_500_000
    assert WEIGHTS.startswith(partial.read_bytes())
    assert not hub.cached(NAME, "main", *GROUPS)
    calls = []
    folder = fetch(progress=lambda *call: calls.append(call))
    assert (folder / BIN).read_bytes() == WEIGHTS
    assert server.asked_for(BIN) == [0, kept]
    assert server.asked_for("config.json") == [0]
    assert calls[0][:2] == (2, 4)
    assert not partial.exists()


def test_a_cancel_before_the_first_byte_asks_for_no_file(server):
    with pytest.raises(Cancelled):
        fetch(progress=stop_at(0))
    assert [asked.what for asked in server.log] == ["list"]


def test_a_whole_partial_file_is_checked_and_not_asked_for(server, partial):
    partial.parent.mkdir(parents=True)
    partial.write_bytes(WEIGHTS)
    assert (fetch() / BIN).read_bytes() == WEIGHTS
    assert server.asked_for(BIN) == []


def test_a_broken_connection_is_taken_up_where_it_broke(server):
    server.cuts = [1_000_000, 500_000]
    assert (fetch() / BIN).read_bytes() == WEIGHTS
    assert server.asked_for(BIN) == [0, 1_000_000, 1_500_000]


def test_a_connection_that_brings_nothing_more_is_given_up_and_its_bytes_are_kept(server, partial):
    server.cuts = [1_000_000] + [0] * download.TRIES
    said = refused()
    assert "cannot be reached" in said
    assert "what has arrived is kept" in said
    assert partial.stat().st_size == 1_000_000
    assert server.cuts == []
    assert (fetch() / BIN).read_bytes() == WEIGHTS
    assert server.asked_for(BIN) == [0] + [1_000_000] * (download.TRIES + 1)


def test_a_store_without_ranges_sends_the_whole_file_again(server):
    server.ranges = False
    server.cuts = [1_000_000]
    assert (fetch() / BIN).read_bytes() == WEIGHTS


def test_an_error_that_may_pass_is_tried_again(server):
    server.file_faults = [(503, ""), (429, "")]
    assert (fetch() / "config.json").read_bytes() == CONFIG
    assert server.asked_for("config.json") == [0, 0, 0]


def test_two_downloads_at_once_fetch_each_file_once(server):
    server.gate.clear()
    folders, seen, second_waits = [], [], threading.Event()

    def watch(done: int, total: int, what: str) -> None:
        seen.append((done, total))
        second_waits.set()

    first = threading.Thread(target=lambda: folders.append(fetch()))
    second = threading.Thread(target=lambda: folders.append(fetch(progress=watch)))
    first.start()
    while not server.asked_for(BIN):
        first.join(0.01)
    second.start()
    assert second_waits.wait(20)
    server.gate.set()
    first.join()
    second.join()
    assert folders[0] == folders[1]
    assert seen[-1] == (4, 4)
    assert server.asked_for(BIN) == [0]
    assert (folders[0] / BIN).read_bytes() == WEIGHTS


def test_waiting_for_another_download_can_be_cancelled(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "LOOK", 0.01)
    looks = []

    def third_time(*call) -> None:
        looks.append(call)
        if len(looks) == 3:
            raise Cancelled("Cancelled.")

    lock = tmp_path / "cache" / ".locks" / "models--someone--model" / f"{git_sha1(CONFIG)}.lock"
    lock.parent.mkdir(parents=True)
    with WeakFileLock(lock), pytest.raises(Cancelled):
        fetch(progress=third_time)
    assert server.asked_for("config.json") == []


# Refusals before anything is fetched


def disk_with(monkeypatch, free: int) -> None:
    usage = shutil.disk_usage("/")._replace(free=free)
    monkeypatch.setattr(remote.shutil, "disk_usage", lambda _folder: usage)


def test_a_disk_too_small_is_told_before_a_file_is_asked_for(server, monkeypatch, tmp_path):
    disk_with(monkeypatch, len(WEIGHTS) + len(CONFIG) - 1)
    said = refused()
    assert f"needs 4 MB more, but only 3 MB are free in {tmp_path / 'cache'}." in said
    assert "HF_HOME" in said
    assert "'embedded'" in said
    assert server.log == [Asked("list")]


def test_what_has_arrived_need_not_be_free_again(server, monkeypatch):
    with pytest.raises(Cancelled):
        fetch(progress=stop_at(2))
    disk_with(monkeypatch, len(WEIGHTS) - 900_000)
    assert (fetch() / BIN).read_bytes() == WEIGHTS


def test_a_repository_without_a_file_is_told_with_its_name(server):
    del server.files[BIN]
    said = refused()
    assert said.startswith(f"{NAME} (revision main) has no {SAFE} or {BIN}.")
    assert server.log == [Asked("list")]


@pytest.mark.parametrize(
    "listing",
    [{"size": None}, {"blobId": None}, {"blobId": "../../evil"}, {"sha": "../../evil"}],
    ids=str,
)
def test_a_mirror_that_hides_size_or_checksum_is_refused(server, listing):
    server.listing = listing
    assert "does not tell commit, size and checksum of someone/model's config.json" in refused()
    assert server.log == [Asked("list")]


# Every failure is a sentence


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (401, "GatedRepo", "is gated. Accept its terms"),
        (403, "GatedRepo", "is gated. Accept its terms"),
        (401, "RepoNotFound", "has no model 'someone/model' that this machine may read"),
        (401, "", "refuses someone/model to this machine (status 401). Set HF_TOKEN"),
        (403, "", "refuses someone/model to this machine (status 403). Set HF_TOKEN"),
        (404, "EntryNotFound", "at the moment (status 404). Try again later"),
        (429, "", "at the moment (status 429). Try again later"),
        (500, "", "at the moment (status 500). Try again later"),
        (503, "", "at the moment (status 503). Try again later"),
    ],
)
@pytest.mark.parametrize("where", ["listing", "file"])
def test_a_refusal_of_the_hub_is_told_with_what_to_do(server, where, status, code, said):
    if where == "listing":
        server.listing_fault = (status, code)
    else:
        server.file_faults = [(status, code)] * download.TRIES
    assert said in refused()


def test_an_error_that_nobody_foresaw_stays_a_traceback(server):
    server.listing_fault = (400, "")
    with pytest.raises(huggingface_hub.errors.BadRequestError):
        fetch()


def test_a_name_that_the_hub_does_not_know_is_told(server):
    with pytest.raises(EncoderError, match="has no model 'someone/other'"):
        hub.fetch("someone/other", None, *GROUPS)


def test_a_name_that_cannot_be_is_told_without_asking(server):
    with pytest.raises(EncoderError, match=r"has no model 'some one/model'"):
        hub.fetch("some one/model", None, *GROUPS)
    assert server.log == []


def test_a_revision_that_is_not_there_is_told(server):
    assert "no revision 'old' of it" in refused("old")


def test_offline_mode_is_told_and_nothing_is_asked(server, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE is set" in refused()
    assert server.log == []


def test_a_hub_that_does_not_answer_is_told(server, monkeypatch):
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # the port that discards
    said = refused()
    assert "are not on this machine and the Hub cannot be reached" in said
    assert "'embedded'" in said


@pytest.mark.parametrize("revision", [None, "main"])
def test_damaged_weights_are_told_and_removed(server, partial, revision):
    right = WEIGHTS[::-1]
    partial.parent.mkdir(parents=True)
    partial.write_bytes(right[:1_000_000])
    said = refused(revision)
    assert f"{BIN} of someone/model came damaged (3,500,000 bytes of 3,500,000)" in said
    assert not partial.exists()
    assert (fetch(revision) / BIN).read_bytes() == WEIGHTS


def test_a_file_shorter_than_the_listing_says_is_told_and_removed(server, partial):
    server.listing = {"size": len(WEIGHTS) + 1}
    server.files["config.json"] = WEIGHTS[:100]
    assert "config.json of someone/model came damaged (100 bytes of 3,500,001)" in refused()
    assert server.asked_for("config.json") == [0, 100]
    assert list(partial.parent.glob("*.incomplete")) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_fills_up_meanwhile_is_told(server, partial):
    partial.parent.mkdir(parents=True)
    partial.symlink_to("/dev/full")
    said = refused()
    assert "is full. Free some space and try again" in said
    assert "HF_HOME" in said


def test_a_cache_that_cannot_be_written_is_told(server, tmp_path):
    (tmp_path / "cache").mkdir(mode=0o555)
    user = os.geteuid()
    tmp_path.parent.chmod(0o755)
    tmp_path.chmod(0o755)
    if user == 0:
        os.seteuid(65534)  # root may write anywhere
    try:
        said = refused()
    finally:
        os.seteuid(user)
    assert f"cache {tmp_path / 'cache'} cannot be written. Mend its permissions" in said


def test_a_file_in_the_place_of_the_cache_is_told(server, tmp_path):
    (tmp_path / "cache").write_text("in the way")
    assert "cannot be written" in refused()
