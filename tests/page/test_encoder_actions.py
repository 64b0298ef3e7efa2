"""The panel of the encoder: its fields as settings, the badge, the line under it, a change."""

from __future__ import annotations

import threading

import gradio as gr
import pytest

from studio import encoders
from studio.encoders.lazy import WARMING, LazyEncoder
from studio.encoders.options import Options
from studio.errors import Cancelled, EncoderError, SettingsError
from studio.ui.actions import encoder as actions
from studio.ui.session import Server
from tests.fakes import FakeEncoder
from tests.page.test_wiring import Journey

DEFAULTS = ("embedded", "", "", 512, 512, None, None)
MEGABYTES = "downloading BAAI/bge-m3 (MB)"


@pytest.fixture
def load(monkeypatch):
    """load(outcome): what `encoders.load` gives, raises, or does with its progress."""

    def plan(outcome):
        def loaded(name, *, progress, **options):
            found = outcome(progress) if callable(outcome) else outcome
            if isinstance(found, BaseException):
                raise found
            return found

        monkeypatch.setattr(encoders, "load", loaded)

    return plan


@pytest.fixture
def downloading(load):
    """A download that has brought 812 MB, until `go` is set."""
    told, go = threading.Event(), threading.Event()

    def outcome(progress):
        progress(812, 2290, MEGABYTES)
        told.set()
        go.wait(10)
        progress(813, 2290, MEGABYTES)
        return FakeEncoder()

    load(outcome)
    yield told, go
    go.set()


def changed(server: Server, *fields: object) -> None:
    for _ in actions.change(server, *fields):
        pass


def test_the_fields_hold_the_settings_of_the_encoder_at_work(server: Server, load) -> None:
    assert actions.values(server) == ("fake", "", "", 512, 512, None, None)
    load(FakeEncoder())
    fields = ("embedded", "cpu", "int8", 64, 128, 256, 16)
    changed(server, *fields)
    assert actions.values(server) == fields


def test_the_fields_become_settings_and_empty_ones_their_defaults() -> None:
    choice, options = actions.chosen(*DEFAULTS)
    assert (choice.name, options) == ("embedded", Options())
    choice, options = actions.chosen(" embedded ", " cpu ", "int8", 64, 128, 256, 16)
    assert (choice.name, options) == ("embedded", Options("cpu", "int8", 64, 128, 256, 16))
    assert actions.chosen(None, None, None, 512, 512, None, None)[1] == Options()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (("no such folder", "", "", 512, 512, None, None), "There is no encoder 'no such folder'"),
        (("embedded", "", "", None, 512, None, None), "'Most tokens of a query' is empty"),
        (("embedded", "", "", 512, None, None, None), "'Most tokens of a passage' is empty"),
        (("embedded", "", "", 512, 9000, None, None), "A limit of 9,000 passage tokens"),
        (("embedded", "", "", 512, 512, 0, None), "The budget is 0"),
        (("embedded", "", "", 512, 512, None, -1), "The dimension is -1"),
    ],
)
def test_what_cannot_be_set_is_said_before_anything_is_loaded(
    server: Server, load, fields: tuple[object, ...], said: str
) -> None:
    load(AssertionError("it was loaded"))
    with pytest.raises((SettingsError, EncoderError), match=said):
        changed(server, *fields)
    assert server.encoder.changing is None


def test_after_a_change_badge_and_line_tell_encoder_device_and_precision(
    server: Server, load
) -> None:
    other = FakeEncoder()
    other.title, other.device, other.precision = "another", "cuda", "float16"
    load(other)
    changed(server, *DEFAULTS)
    told = actions.badge(server)
    assert (told["state"], told["name"]) == ("ready", "another")
    assert told["text"].startswith("ready · cuda · float16 · loaded in 0.0")
    assert told["why"] == "Chosen because asked for by name."
    line = {"kind": "done", "share": None, "text": "At work: another · cuda · float16."}
    assert actions.status(server) == line


def test_a_download_is_told_in_megabytes_and_the_present_encoder_goes_on(
    server: Server, downloading
) -> None:
    told, go = downloading
    steps = actions.change(server, "BAAI/bge-m3", *DEFAULTS[1:])
    next(steps)
    assert told.wait(10)
    said = "downloading BAAI/bge-m3: 812 of 2,290 MB"
    badge = actions.badge(server)
    assert (badge["state"], badge["name"]) == ("loading", "fake · letter counts")
    assert badge["text"] == f"at work · {said}"
    assert actions.status(server) == {"kind": "busy", "share": 812 / 2290, "text": said}
    assert actions.is_loading(server)
    assert actions.is_changing(server)
    go.set()
    for _ in steps:
        pass
    assert not actions.is_loading(server)


def test_a_cancelled_download_is_said_and_the_present_encoder_goes_on(
    server: Server, downloading
) -> None:
    told, _ = downloading
    steps = actions.change(server, "BAAI/bge-m3", *DEFAULTS[1:])
    next(steps)
    assert told.wait(10)
    actions.cancel(server)
    with pytest.raises(Cancelled, match=r"What has arrived is kept\."):
        list(steps)
    assert actions.badge(server)["state"] == "ready"
    line = actions.status(server)
    assert line["kind"] == "idle"  # no alarm
    assert line["text"] == (
        "Loading BAAI/bge-m3 was cancelled. What has arrived is kept. "
        "At work: fake · letter counts · cpu · exact."
    )


def test_what_went_wrong_is_raised_and_stands_in_the_line(server: Server, load) -> None:
    load(EncoderError("The Hub has no such model."))
    with pytest.raises(EncoderError, match="no such model"):
        changed(server, "some/model", *DEFAULTS[1:])
    assert actions.status(server)["text"].startswith("The Hub has no such model. At work: fake")
    assert actions.badge(server)["text"] == "ready · cpu · exact"


def test_a_bug_is_said_without_its_text(server: Server, load) -> None:
    load(RuntimeError("/secret"))
    with pytest.raises(EncoderError) as refused:
        changed(server, *DEFAULTS)
    assert str(refused.value) == "embedded could not be loaded; see the server's log."


def test_the_first_load_tells_its_stages_in_the_badge(tmp_path) -> None:
    server = Server(LazyEncoder(encoders.choose("embedded")), tmp_path)
    load = server.encoder.present
    assert actions.badge(server)["text"] == "embedded: reading weights"
    assert actions.badge(server)["name"] == ""  # not twice
    load.progress = (12, 471, "downloading intfloat/multilingual-e5-small (MB)")
    badge = actions.badge(server)
    assert (badge["state"], badge["name"]) == ("loading", "embedded")
    assert badge["text"] == "downloading intfloat/multilingual-e5-small: 12 of 471 MB"
    load.progress = (0, 0, WARMING)
    assert actions.status(server)["text"] == "embedded: warming up"
    assert actions.is_loading(server)
    assert not actions.is_changing(server)


def test_a_first_load_that_failed_is_told(tmp_path, load) -> None:
    load(EncoderError("No weights."))
    server = Server(LazyEncoder(encoders.choose("embedded")), tmp_path)
    with pytest.raises(EncoderError):
        server.encoder.get()
    badge = actions.badge(server)
    assert (badge["state"], badge["name"], badge["text"]) == ("failed", "embedded", "No weights.")
    assert actions.status(server) == {"kind": "failed", "share": None, "text": "No weights."}


def test_strangers_cannot_change_or_cancel(public: Server, load) -> None:
    load(AssertionError("it was loaded"))
    for act in (lambda: changed(public, *DEFAULTS), lambda: actions.cancel(public)):
        with pytest.raises(SettingsError, match="its owner chose the encoder"):
            act()


@pytest.mark.parametrize("own", [True, False])
def test_the_panel_can_be_used_on_one_s_own_machine_only(
    server: Server, public: Server, own: bool
) -> None:
    demo = Journey(server if own else public).demo
    names = "name device precision query-tokens passage-tokens budget dimension apply cancel status"
    panel = {block.elem_id: block for block in demo.blocks.values() if block.elem_id}
    assert {f"encoder-{name}" for name in names.split()} <= set(panel)
    for name in names.split()[:-2]:
        assert panel[f"encoder-{name}"].interactive is own, name
    helps = [block.info for block in panel.values() if "setting" in (block.elem_classes or [])]
    assert len(helps) == 7
    assert not any("--" in text for text in helps)
    assert "BGE-M3 was not trained for it" in panel["encoder-dimension"].info
    assert isinstance(panel["encoder-name"], gr.Dropdown)
