"""The encoder's panel in the tab Corpus: seen, changed, cancelled; the real embedded encoder.

These tests have a server of their own, since they change what all visitors of a server share.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from tokenizers import Tokenizer

from studio import encoders
from studio.encoders import choose
from studio.encoders.lazy import LazyEncoder
from studio.encoders.options import Options
from studio.encoders.protocol import Encoder
from studio.ui.session import Server
from tests import checkpoints
from tests.e2e.conftest import Open, Site, Write
from tests.e2e.driver import Studio
from tests.hub_server import Hub, instead_of_the_hub

LOADING = 120_000  # ms that the embedded encoder may take on two busy cores
BIRDS = "id,text\na,A grey bird stands in the reeds\nb,An owl hunts at night\n"
FIELDS = ["name", "device", "precision", "query-tokens", "passage-tokens", "budget", "dimension"]


@pytest.fixture(scope="module")
def own_site(serve: Callable[[Server], Site], tmp_path_factory: pytest.TempPathFactory) -> Site:
    lazy = LazyEncoder(choose("embedded"))
    lazy.start()
    return serve(Server(lazy, tmp_path_factory.mktemp("own")))


@pytest.fixture
def page(visit: Open, own_site: Site) -> Studio:
    """The page with the panel open, and an encoder at work."""
    back_to_the_default(own_site)
    return opened(visit(own_site))


def back_to_the_default(site: Site) -> None:
    lazy = site.server.encoder
    lazy.get()
    if (lazy.choice.name, lazy.present.options) != ("embedded", Options()):
        assert lazy.wait(lazy.change(choose("embedded"), Options()), LOADING / 1000)


def opened(studio: Studio) -> Studio:
    studio.at("#encoder button.label-wrap").click()
    expect(studio.at("#encoder-apply")).to_be_visible()
    expect(studio.at("#encoder-passage-tokens input")).not_to_have_value("")  # settings are there
    return studio


def write_name(studio: Studio, name: str) -> None:
    box = studio.at("#encoder-name input")
    box.fill(name)
    box.press("Enter")
    expect(box).to_have_value(name)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Real loading that waits for the test's word: how long it takes is no matter then."""
    word, load = threading.Event(), encoders.load

    def waiting(*args: Any, **options: Any) -> Encoder:
        word.wait(LOADING / 1000)
        return load(*args, **options)

    monkeypatch.setattr(encoders, "load", waiting)
    yield word
    word.set()


def apply(studio: Studio) -> None:
    studio.at("#encoder-apply").click()


def test_each_setting_stands_with_its_default_and_what_it_costs(page: Studio) -> None:
    assert [page.at(f"#encoder-{name} input").input_value() for name in FIELDS] == [
        "embedded", "by default", "by default", "512", "512", "", "",
    ]  # fmt: skip
    for name in FIELDS[1:]:
        expect(page.at(f"#encoder-{name}")).to_contain_text("Default: ")
    expect(page.at("#encoder-dimension")).to_contain_text("BGE-M3 was not trained for it")
    expect(page.at("#encoder-status")).to_contain_text("At work: embedded · multilingual-e5-small")


def test_another_precision_is_loaded_while_the_page_goes_on_and_then_serves(
    page: Studio, write: Write, held: threading.Event
) -> None:
    page.upload(write("birds.csv", BIRDS))
    expect(page.tile("passages")).to_have_text("2")
    page.encode("before")
    page.choose("#encoder-precision", "int8")
    apply(page)
    expect(page.at("#encoder-badge .state")).to_contain_text("at work · embedded: ")
    expect(page.at("#encoder-apply")).to_be_disabled()
    assert [hit.passage for hit in page.search("owl", "before")] == ["b", "a"]
    held.set()
    badge = page.at("#encoder-badge .state")
    expect(badge).to_contain_text("ready · cpu · 4-bit weights, int8", timeout=LOADING)
    page.at("#search-go").click()
    expect(page.toast).to_contain_text("4-bit weights); the encoder at work is embedded")
    expect(page.toast).to_contain_text("int8 arithmetic). Encode the collection again")
    page.tab("Corpus")
    page.encode("after")
    assert [hit.passage for hit in page.search("owl", "after")] == ["b", "a"]


def test_what_cannot_be_loaded_is_said_and_the_old_encoder_goes_on(
    page: Studio, tmp_path: Path
) -> None:
    before = page.at("#encoder-badge .state").inner_text()
    for name, said in (
        ("/no/such/folder", "There is no encoder '/no/such/folder'"),
        (str(tmp_path), "is not a whole BGE-M3 checkpoint"),
    ):
        write_name(page, name)
        apply(page)
        expect(page.toast).to_contain_text(said)
        expect(page.at("#encoder-apply")).to_be_enabled()
        expect(page.at("#encoder-name input")).to_have_value(name)  # to be mended
        expect(page.at("#encoder-badge .state")).to_have_text(before)
    expect(page.at("#encoder-status")).to_contain_text("is not a whole BGE-M3 checkpoint")
    expect(page.at("#encoder-status")).to_contain_text("At work: embedded")


def test_a_number_out_of_range_is_refused(page: Studio) -> None:
    page.write("#encoder-passage-tokens input", "9000")
    apply(page)
    expect(page.toast).to_contain_text("9,000 passage tokens cannot be set. Choose 4 to 8,192.")


@pytest.fixture
def hub(own_site: Site, tmp_path: Path) -> Iterator[Hub]:
    """A model of 8 MB on a slow Hub."""
    tokenizer: Tokenizer = own_site.server.encoder.get().tokenizer
    folder = checkpoints.write(
        tmp_path / "tiny", tokenizer=tokenizer, hidden=8, layers=1, heads=2, intermediate=16
    )
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    with instead_of_the_hub(Hub(files, pause=0.6), tmp_path / "cache") as server:
        yield server


def test_a_download_shows_its_megabytes_and_can_be_cancelled_and_taken_up(
    page: Studio, hub: Hub, own_site: Site
) -> None:
    write_name(page, "someone/model")
    apply(page)
    badge, line = page.at("#encoder-badge .state"), page.at("#encoder-status")
    expect(badge).to_contain_text("at work · downloading someone/model: 2")  # of 26 MB
    expect(badge).to_contain_text(" MB")
    expect(line.locator(".track")).to_be_visible()
    page.at("#encoder-cancel").click()
    expect(line).to_contain_text("Loading someone/model was cancelled. What has arrived is kept.")
    expect(badge).to_contain_text("ready")
    expect(page.at("#encoder-cancel")).to_be_disabled()
    assert own_site.server.encoder.choice.name == "embedded"
    hub.pause = 0.0
    apply(page)
    expect(page.at("#encoder-badge .name")).to_have_text("BGE-M3 layout · someone/model")
    page.page.reload()
    page.page.locator("#ready").wait_for(state="attached")
    opened(page)
    expect(page.at("#encoder-name input")).to_have_value("someone/model")


def test_strangers_see_the_settings_and_cannot_change_them(visit: Open, public_site: Site) -> None:
    studio = opened(visit(public_site))
    expect(studio.at("#encoder-about")).to_contain_text("its owner chose these")
    expect(studio.at("#encoder-name input")).to_have_value("embedded")
    for name in FIELDS:
        expect(studio.at(f"#encoder-{name} input")).to_be_disabled()
    for name in ("apply", "cancel"):
        expect(studio.at(f"#encoder-{name}")).to_be_disabled()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_panel_never_scrolls_sideways(visit: Open, own_site: Site, width: int) -> None:
    studio = opened(visit(own_site, viewport={"width": width, "height": 844}))
    assert studio.page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = [studio.at(f"#encoder-{name} input").bounding_box() for name in FIELDS[3:]]
    assert len({(round(box["x"]), round(box["width"])) for box in boxes if box}) == 1
