"""The events, in process: no port, no browser, and the letter-counting encoder."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import gradio as gr
import pytest
from gradio.state_holder import SessionState

from studio.errors import SettingsError
from studio.records import FusionSettings
from studio.ui import build, launch_options, privacy
from studio.ui.actions.encoder import badge
from studio.ui.session import Server
from studio.ui.wiring.adaptor import handler
from studio.ui.wiring.search import settings
from tests.page.conftest import VISITOR

ENDPOINTS = {"search", "rank", "evaluate", "encode"}


class Journey:
    """One visitor's events, one after the other, with what the session keeps between them."""

    def __init__(self, server: Server) -> None:
        self.demo = build(server)
        self.state = SessionState(self.demo)

    def __call__(self, name: str, *inputs: Any) -> list[Any]:
        [event] = [fn for fn in self.demo.fns.values() if fn.api_name == name]
        request = gr.Request(session_hash=VISITOR)
        done = self.demo.process_api(event, list(inputs), state=self.state, request=request)
        with ThreadPoolExecutor(1) as pool:  # Chromium's driver keeps a loop in this thread
            return list(pool.submit(asyncio.run, done).result()["data"])


@pytest.fixture
def journey(server: Server) -> Journey:
    return Journey(server)


def test_programs_find_four_endpoints_by_their_names_and_nothing_else(journey: Journey) -> None:
    info = journey.demo.get_api_info()
    assert {name.strip("/") for name in info["named_endpoints"]} == ENDPOINTS
    assert info["unnamed_endpoints"] == {}


def test_search_takes_its_arguments_in_the_order_of_design(journey: Journey) -> None:
    parameters = journey.demo.get_api_info()["named_endpoints"]["/search"]["parameters"]
    names = ["query", "collection", "dense", "sparse", "multi_vector", "normalise", "top"]
    assert [parameter["parameter_name"] for parameter in parameters] == names


def test_the_endpoints_answer(journey: Journey, animals: str) -> None:
    [found] = journey("search", "fax", animals, 1, 0.3, 1, "none", 2)
    assert found["results"][0]["passage"] == "fax"
    [found] = journey("rank", "fax", animals, 1, 0.3, 1, "none", 2, "rrf")
    assert found["settings"]["method"] == "rrf"


def test_what_a_user_can_mend_becomes_a_toast_with_its_text_escaped() -> None:
    def refuse() -> None:
        raise SettingsError("There is no collection '<b>nowhere</b>'.")

    with pytest.raises(gr.Error) as refused:
        handler(refuse)()
    assert "&lt;b&gt;nowhere&lt;/b&gt;" in refused.value.message
    assert "<b>" not in refused.value.message


def test_a_program_reads_the_text_as_it_is(journey: Journey) -> None:
    with pytest.raises(gr.Error) as refused:
        journey("rank", "fax", "<b>nowhere</b>", 1, 0.3, 1, "none", 2, "rrf")
    assert "There is no collection '<b>nowhere</b>'." in refused.value.message


def test_a_generator_s_error_becomes_a_toast_after_what_it_yielded() -> None:
    def steps():
        yield 1
        raise SettingsError("too small")

    stream = handler(steps)()
    assert next(stream) == 1
    with pytest.raises(gr.Error, match="too small"):
        next(stream)


def test_a_bug_passes_through() -> None:
    def act() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        handler(act)()


def test_every_component_that_a_person_uses_has_an_id_of_its_own(journey: Journey) -> None:
    named = [b.elem_id for b in journey.demo.blocks.values() if b.elem_id]
    assert len(named) == len(set(named))
    design = """corpus-upload corpus-encode corpus-status query search-go weight-dense
        weight-sparse weight-multi-vector results reasons simplex collection evaluate-go
        evaluate-table evaluate-figure encoder-badge"""
    assert set(design.split()) <= set(named)


def test_the_page_s_controls_become_settings() -> None:
    assert settings(1, 0.3, 1, "none", 60) == FusionSettings()
    assert settings(0, 1, 0, "z-score", 5) == FusionSettings((0, 1, 0), "z-score", "weighted", 5)
    assert settings(0, 1, 0, "rrf", 5) == FusionSettings((0, 1, 0), "none", "rrf", 5)
    with pytest.raises(SettingsError, match="All three weights are 0"):
        settings(0, 0, 0, "none", 60)


def test_the_badge_names_the_encoder_its_state_and_the_reason(server: Server) -> None:
    assert badge(server) == {
        "state": "ready",
        "name": "fake · letter counts",
        "text": "ready · cpu · exact",
        "why": "given by the caller",
    }


def test_only_a_public_server_tells_of_privacy(server: Server, public: Server) -> None:
    assert privacy(server) == ""
    assert "visible to you alone" in privacy(public)


def test_the_page_is_launched_with_all_that_it_needs_and_nothing_from_elsewhere() -> None:
    options = launch_options()
    for name in ("rank", "results", "reasons", "simplex", "badge"):
        assert name in options["head"]
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)|src=|import ", options["head"]) == []
    assert options["run_history"] is False


def test_a_search_does_not_queue_behind_long_work(journey: Journey) -> None:
    queues = {fn.api_name: fn.concurrency_id for fn in journey.demo.fns.values()}
    assert queues["search"] == queues["rank"] != queues["encode"] == queues["evaluate"]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ((None, "animals", 1, 1, 1, "none", 3), "must be strings"),
        (("fox", "animals", None, 1, 1, "none", 3), "must be numbers"),
        (("fox", "animals", 1, "x", 1, "none", 3), "must be numbers"),
        (("fox", "animals", 1, 1, 1, "none", None), "whole number"),
        (("fox", "animals", 1, 1, 1, "none", 0.5), "whole number"),
        (("fox", "animals", 1, 1, 1, "none", 1e309), "whole number"),
    ],
)
def test_what_only_programs_can_send_is_refused_in_a_sentence(
    journey: Journey, animals: str, sent: tuple[Any, ...], said: str
) -> None:
    with pytest.raises(gr.Error) as refused:
        journey("search", *sent)
    assert said in refused.value.message


def test_an_emptied_k_is_asked_for() -> None:
    with pytest.raises(SettingsError, match="RRF's k is empty"):
        settings(1, 1, 1, "rrf", None)
