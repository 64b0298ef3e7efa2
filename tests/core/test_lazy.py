"""Loading in the background with a planned `encoders.load`: stages, errors, changes, cancels."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest

from studio import encoders
from studio.encoders.choice import Choice
from studio.encoders.lazy import READING, WARMING, LazyEncoder
from studio.encoders.options import Options
from studio.errors import Cancelled, EncoderError
from tests.fakes import FakeEncoder

CHOICE = Choice("embedded", "embedded", "asked for by name")
OTHER = Choice("some/model", "m3", "a Hub id, asked for by name")
MEGABYTES = "downloading some/model (MB)"
PATIENCE = 10  # seconds


@pytest.fixture
def loads(monkeypatch):
    """loads(*outcomes): what each call of `encoders.load` gives or raises; lists the calls."""

    def plan(*outcomes):
        calls, left = [], list(outcomes)

        def load(name, *, progress, **options):
            calls.append((name, options))
            outcome = left.pop(0)
            if callable(outcome):
                outcome = outcome(progress)
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        monkeypatch.setattr(encoders, "load", load)
        return calls

    return plan


class Gated:
    """A load that goes as far as a test lets it: a download in three steps, then an encoder."""

    def __init__(self, encoder):
        self.encoder, self.steps = encoder, [threading.Event() for _ in range(3)]
        self.seen = [threading.Event() for _ in range(3)]

    def __call__(self, progress):
        for done, (step, seen) in enumerate(zip(self.steps, self.seen, strict=True)):
            progress(done, 2, MEGABYTES)
            seen.set()
            step.wait(PATIENCE)
        return self.encoder

    def go(self, step):
        """Let it go on from this step."""
        self.steps[step].set()

    def reached(self, step):
        assert self.seen[step].wait(PATIENCE)


@pytest.fixture
def ready(encoder):
    lazy = LazyEncoder(CHOICE)
    lazy.present.encoder, lazy.present.over = encoder, True
    return lazy


def test_it_loads_once_however_often_it_is_asked(loads, encoder):
    calls = loads(encoder)
    lazy = LazyEncoder(CHOICE, Options(device="cpu", query_tokens=64))
    lazy.start()
    lazy.start()
    assert lazy.get() is lazy.get() is lazy.loaded is encoder
    [(name, options)] = calls
    assert (name, Options(**options)) == ("embedded", Options(device="cpu", query_tokens=64))
    assert encoder.calls == [["warm up"]]
    assert (lazy.state, lazy.seconds >= 0) == ("ready", True)


def test_while_it_loads_it_says_so_and_keeps_nobody_waiting(loads, encoder):
    gate = Gated(encoder)
    loads(gate)
    lazy = LazyEncoder(OTHER)
    lazy.start()
    gate.reached(0)
    assert (lazy.state, lazy.loaded, lazy.seconds) == ("loading", None, None)
    for step in range(3):
        gate.go(step)
    assert lazy.get() is encoder
    assert lazy.under_way is None


def test_downloading_reading_and_warming_up_are_told_apart(loads, encoder):
    gate, warming, warm = Gated(encoder), threading.Event(), threading.Event()
    encode = encoder.encode_queries

    def first_pass(texts):
        warming.set()
        warm.wait(PATIENCE)
        return encode(texts)

    encoder.encode_queries = first_pass
    loads(gate)
    lazy = LazyEncoder(OTHER)
    assert lazy.present.progress == (0, 0, READING)
    lazy.start()
    for step in (0, 1):
        gate.reached(step)
        assert lazy.under_way.progress == (step, 2, MEGABYTES)
        gate.go(step)
    gate.reached(2)
    assert lazy.under_way.progress == (0, 0, READING)  # all has arrived
    gate.go(2)
    assert warming.wait(PATIENCE)
    assert lazy.under_way.progress == (0, 0, WARMING)
    assert lazy.loaded is None
    warm.set()
    assert lazy.get() is encoder


def test_what_went_wrong_is_its_state_and_is_raised_to_whoever_waits(loads):
    loads(EncoderError("The weights are absent."))
    lazy = LazyEncoder(CHOICE)
    with pytest.raises(EncoderError, match="absent"):
        lazy.get()
    assert lazy.state == "The weights are absent."
    assert lazy.loaded is None


def test_a_bug_is_raised_and_logged_but_its_text_is_not_shown(loads, caplog):
    loads(RuntimeError("/secret/path"))
    lazy = LazyEncoder(CHOICE)
    with pytest.raises(RuntimeError):
        lazy.get()
    assert lazy.state == "could not be loaded; see the server's log"
    assert "/secret/path" in caplog.text


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


# Changing to another encoder


def test_a_change_takes_over_while_the_present_one_goes_on_serving(loads, ready, encoder):
    other = FakeEncoder()
    gate = Gated(other)
    calls = loads(gate)
    load = ready.change(OTHER, Options(precision="int8"))
    gate.reached(0)
    assert (ready.state, ready.get(), ready.choice) == ("ready", encoder, CHOICE)
    assert ready.under_way is ready.changing is load
    for step in range(3):
        gate.go(step)
    assert ready.wait(load, PATIENCE)
    assert (ready.state, ready.get(), ready.choice) == ("ready", other, OTHER)
    assert (ready.changing, ready.under_way, ready.present) == (None, None, load)
    assert ready.present.options == Options(precision="int8")
    assert ready.seconds >= 0
    assert other.calls == [["warm up"]]
    assert calls[0][0] == "some/model"


def test_the_encoder_that_was_replaced_is_let_go(loads):
    lazy = LazyEncoder.ready(FakeEncoder())
    old = weakref.ref(lazy.get())
    loads(FakeEncoder())
    assert lazy.wait(lazy.change(OTHER, Options()), PATIENCE)
    gc.collect()
    assert old() is None


def test_a_change_that_fails_leaves_the_present_one_and_tells_why(loads, ready, encoder):
    loads(EncoderError("The weights are absent."))
    load = ready.change(OTHER, Options())
    assert ready.wait(load, PATIENCE)
    assert (ready.state, ready.get(), ready.choice) == ("ready", encoder, CHOICE)
    assert ready.changing.sentence == "The weights are absent."
    assert ready.under_way is None


def test_a_change_whose_first_pass_fails_does_not_take_over(loads, ready, encoder):
    broken = FakeEncoder()
    broken.encode_queries = lambda _texts: (_ for _ in ()).throw(EncoderError("too small a GPU"))
    loads(broken)
    assert ready.wait(ready.change(OTHER, Options()), PATIENCE)
    assert ready.get() is encoder
    assert ready.changing.sentence == "too small a GPU"


def test_nothing_of_a_failed_load_stays_in_memory(loads, ready):
    seen = []

    def fail(_progress):
        half = FakeEncoder()
        seen.append(weakref.ref(half))
        raise EncoderError(f"No head fits {half.name}.")

    loads(fail)
    load = ready.change(OTHER, Options())
    assert ready.wait(load, PATIENCE)
    gc.collect()
    assert load.sentence == "No head fits fake."
    assert seen[0]() is None


def test_a_cancel_ends_a_download_at_its_next_word(loads, ready, encoder):
    gate, ended = Gated(FakeEncoder()), threading.Event()

    def watched(progress):
        try:
            return gate(progress)
        except Cancelled:
            ended.set()
            raise

    loads(watched)
    load = ready.change(OTHER, Options())
    gate.reached(0)
    gate.go(0)
    gate.reached(1)
    assert ready.cancel()
    assert load.over  # at once, for whoever looks
    assert load.sentence == "Loading some/model was cancelled. What has arrived is kept."
    gate.go(1)
    assert ended.wait(PATIENCE)
    assert (ready.get(), ready.state) == (encoder, "ready")
    assert not ready.cancel()


def test_what_is_cancelled_while_weights_are_read_never_takes_over(loads, ready, encoder):
    gate = Gated(FakeEncoder())
    later = FakeEncoder()
    loads(gate, later)
    ready.change(OTHER, Options())
    gate.reached(0)
    gate.go(0)
    gate.go(1)
    gate.reached(2)
    ready.cancel()
    load = ready.change(OTHER, Options())  # waits its turn: one at a time reads gigabytes
    gate.go(2)
    assert ready.wait(load, PATIENCE)
    assert ready.get() is later
    assert gate.encoder.calls == []


def test_the_last_of_two_changes_wins(loads, ready):
    gate, other = Gated(FakeEncoder()), FakeEncoder()
    loads(gate, other)
    first = ready.change(OTHER, Options())
    gate.reached(0)
    second = ready.change(CHOICE, Options(query_tokens=8))
    assert first.over
    assert isinstance(first.error, Cancelled)
    gate.go(0)
    assert ready.wait(second, PATIENCE)
    assert ready.get() is other


def test_a_change_overtakes_a_first_encoder_that_is_still_on_its_way(loads):
    gate, other = Gated(FakeEncoder()), FakeEncoder()
    loads(gate, other)
    lazy, got = LazyEncoder(OTHER), []
    waiting = threading.Thread(target=lambda: got.append(lazy.get()))
    waiting.start()
    gate.reached(0)
    assert lazy.wait(lazy.change(CHOICE, Options()), PATIENCE)
    waiting.join(PATIENCE)
    assert got == [other]
    gate.go(0)
    assert (lazy.state, lazy.choice) == ("ready", CHOICE)


def test_a_first_load_that_was_cancelled_waits_for_a_change(loads):
    gate, other = Gated(FakeEncoder()), FakeEncoder()
    loads(gate, other)
    lazy = LazyEncoder(OTHER)
    lazy.start()
    gate.reached(0)
    assert lazy.cancel()
    gate.go(0)
    assert lazy.state == "Loading some/model was cancelled."
    lazy.start()  # a page that is opened does not take the download up again
    assert lazy.under_way is None
    with pytest.raises(EncoderError, match=r"was cancelled\. Choose an encoder in the tab Corpus"):
        lazy.get()
    assert lazy.wait(lazy.change(CHOICE, Options()), PATIENCE)
    assert lazy.get() is other


def test_changes_from_many_threads_end_with_one_encoder_and_nothing_under_way(loads, ready):
    made = [FakeEncoder() for _ in range(20)]
    loads(*made)
    threads = [threading.Thread(target=ready.change, args=(OTHER, Options())) for _ in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    last = ready.changing or ready.present
    assert ready.wait(last, PATIENCE)
    assert ready.present is last
    assert ready.get() in made
