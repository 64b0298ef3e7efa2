from __future__ import annotations

import threading

import pytest

from studio import encoders
from studio.encoders.choice import Choice
from studio.encoders.lazy import LazyEncoder
from studio.errors import EncoderError
from tests.fakes import FakeEncoder

CHOICE = Choice("embedded", "embedded", "asked for by name")


@pytest.fixture
def loads(monkeypatch):
    """loads(*outcomes): what each call of `encoders.load` gives or raises; lists the calls."""

    def plan(*outcomes):
        calls, left = [], list(outcomes)

        def load(name, *, device=None):
            calls.append((name, device))
            outcome = left.pop(0)
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        monkeypatch.setattr(encoders, "load", load)
        return calls

    return plan


def test_it_loads_once_however_often_it_is_asked(loads, encoder):
    calls = loads(encoder)
    lazy = LazyEncoder(CHOICE, "cpu")
    lazy.start()
    lazy.start()
    assert lazy.get() is lazy.get() is lazy.loaded is encoder
    assert calls == [("embedded", "cpu")]
    assert encoder.calls == [["warm up"]]
    assert (lazy.state, lazy.seconds >= 0) == ("ready", True)


def test_while_it_loads_it_says_so_and_keeps_nobody_waiting(monkeypatch, encoder):
    gate = threading.Event()

    def load(_name, *, device):
        gate.wait(10)
        return encoder

    monkeypatch.setattr(encoders, "load", load)
    lazy = LazyEncoder(CHOICE)
    lazy.start()
    assert (lazy.state, lazy.loaded, lazy.seconds) == ("loading", None, None)
    gate.set()
    assert lazy.get() is encoder


def test_what_went_wrong_is_its_state_and_is_raised_to_whoever_waits(loads):
    loads(EncoderError("The weights are absent."))
    lazy = LazyEncoder(CHOICE)
    with pytest.raises(EncoderError, match="absent"):
        lazy.get()
    assert lazy.state == "The weights are absent."
    assert lazy.loaded is None


def test_a_bug_is_raised_but_its_text_is_not_shown(loads):
    loads(RuntimeError("/secret/path"))
    lazy = LazyEncoder(CHOICE)
    with pytest.raises(RuntimeError):
        lazy.get()
    assert lazy.state == "could not be loaded; see the server's log"


def test_after_an_error_the_next_attempt_may_succeed(loads, encoder):
    calls = loads(EncoderError("offline"), encoder)
    lazy = LazyEncoder(CHOICE)
    with pytest.raises(EncoderError):
        lazy.get()
    assert lazy.get() is encoder
    assert lazy.state == "ready"
    assert len(calls) == 2


def test_many_threads_get_one_encoder(loads, encoder):
    calls = loads(encoder)
    lazy, got = LazyEncoder(CHOICE), []
    threads = [threading.Thread(target=lambda: got.append(lazy.get())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [encoder] * 8
    assert len(calls) == 1


def test_an_encoder_at_hand_is_ready_at_once():
    fake = FakeEncoder()
    lazy = LazyEncoder.ready(fake)
    assert (lazy.state, lazy.loaded, lazy.get(), lazy.seconds) == ("ready", fake, fake, 0.0)
    assert lazy.choice.name == "fake"
    assert fake.calls == []
