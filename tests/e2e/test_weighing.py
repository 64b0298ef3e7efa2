"""Weights are moved in the browser alone, and rank as Python ranks."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from studio.answers import find
from studio.fusion import rank
from studio.records import Candidates, FusionSettings
from studio.settings import PRESETS
from studio.workspace import Workspace
from tests.e2e.conftest import OpenWith, Site
from tests.e2e.driver import Studio

QUERY = "Which lighthouse was built first?"
WAYS = {"none": "Raw", "min-max": "Min-max", "z-score": "Z-score"}


def truth(site: Site, settings: FusionSettings) -> tuple[list[str], list[float]]:
    """Python's first ten, and their totals."""
    index = Workspace(site.server.home).index("atlas")
    found: Candidates = find(index, site.server.encoder.get(), QUERY)[0]
    ranking = rank(found, settings)
    best = ranking.order[:10]
    return [index.ids()[found.rows[at]] for at in best], ranking.total[best].tolist()


def test_every_way_of_weighing_ranks_as_python_does_and_asks_the_server_nothing(
    studio: Studio, site: Site
) -> None:
    studio.search(QUERY, "atlas")
    with studio.requests() as seen:
        for normalise, label in WAYS.items():
            studio.at("#normalise").get_by_label(label).check()
            for weights in ((1, 0.3, 1), (0.15, 0.5, 0.35), (0, 1, 0), (0.04, 0, 0.97)):
                studio.weigh(*weights)
                order, totals = truth(site, FusionSettings(weights, normalise))  # type: ignore[arg-type]
                studio.expect_order(order)
                assert [hit.score for hit in studio.hits()] == totals
    assert seen == []


def test_reciprocal_ranks_fuse_as_in_python_for_every_k(studio: Studio, site: Site) -> None:
    studio.search(QUERY, "atlas")
    with studio.requests() as seen:
        studio.at("#normalise").get_by_label("RRF").check()
        studio.weigh(0.5, 0.2, 0.9)
        for k in (60, 0, 7):
            studio.write("#rrf-k input", str(k)).press("Tab")
            settings = FusionSettings((0.5, 0.2, 0.9), "none", "rrf", k)
            order, totals = truth(site, settings)
            studio.expect_order(order)
            assert [hit.score for hit in studio.hits()] == totals
    assert seen == []


def test_dragging_a_slider_and_its_arrow_keys_ask_the_server_nothing(
    studio: Studio, site: Site
) -> None:
    before = [hit.passage for hit in studio.search(QUERY, "atlas")]
    slider = studio.slider("sparse")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box
    mouse, middle = studio.page.mouse, box["y"] + box["height"] / 2
    with studio.requests() as seen:
        mouse.move(box["x"] + 0.3 * box["width"], middle)
        mouse.down()
        mouse.move(box["x"] + box["width"], middle, steps=20)
        mouse.up()
        for _ in range(5):
            slider.press("ArrowLeft")
        sparse = studio.weights()[1]
        order, _ = truth(site, FusionSettings((1, sparse, 1)))
        studio.expect_order(order)
    assert 0.8 < sparse < 1
    assert order != before
    assert seen == []


def test_presets_set_the_sliders(studio: Studio, site: Site) -> None:
    studio.search(QUERY, "atlas")
    for number, weights in enumerate(PRESETS.values()):
        studio.at(f"#preset-{number}").click()
        expect(studio.slider("dense")).to_have_value(f"{weights[0]:g}")
        expect(studio.slider("sparse")).to_have_value(f"{weights[1]:g}")
        expect(studio.slider("multi-vector")).to_have_value(f"{weights[2]:g}")
        studio.expect_order(truth(site, FusionSettings(weights))[0])


def test_weights_moved_before_the_search_hold_in_it(studio: Studio, site: Site) -> None:
    studio.tab("Search")
    studio.weigh(0, 0, 0.5)
    studio.search(QUERY, "atlas")
    studio.expect_order(truth(site, FusionSettings((0, 0, 0.5)))[0])


def shares(studio: Studio) -> list[float]:
    """What the triangle says its dot stands for."""
    words = studio.at("#simplex svg").get_attribute("aria-valuetext") or ""
    return [float(part.split()[-1]) for part in words.split(",")]


def test_the_triangle_moves_by_keyboard_and_sets_the_sliders(studio: Studio, site: Site) -> None:
    studio.search(QUERY, "atlas")
    studio.tab("Weights")
    expect(studio.at("#simplex .cell")).to_have_count(231)
    assert shares(studio) == [0.43, 0.13, 0.43]
    studio.at("#simplex svg").press("ArrowUp")
    expect(studio.at("#simplex svg")).to_have_attribute(
        "aria-valuenow", "0.48"
    )  # 0.475, 0.110, 0.415
    now = shares(studio)
    studio.tab("Search")
    expect(studio.slider("dense")).to_have_value(str(now[0]))
    assert studio.weights() == now
    studio.expect_order(truth(site, FusionSettings(tuple(now)))[0])  # type: ignore[arg-type]


def test_keys_pressed_fast_on_the_triangle_are_not_lost(studio: Studio) -> None:
    studio.search(QUERY, "atlas")
    studio.tab("Weights")
    for _ in range(8):
        studio.at("#simplex svg").press("ArrowUp", no_wait_after=True)
    assert shares(studio)[0] == pytest.approx(0.43 + 8 * 0.04, abs=0.02)
    dense = f"{shares(studio)[0]:g}"
    studio.tab("Search")
    expect(studio.slider("dense")).to_have_value(dense)
    studio.tab("Weights")
    assert f"{shares(studio)[0]:g}" == dense


def test_a_late_answer_of_the_sliders_does_not_undo_a_key(studio: Studio) -> None:
    told = studio.page.evaluate(
        """() => {
          const { settings, set, hand, fromControls } = window.studio, told = [];
          const sliders = (mix) => {
            fromControls(...mix, "none", 60);
            told.push([...settings.weights]);
          };
          const first = (set({ weights: [0.5, 0.25, 0.25] }), hand());
          const second = (set({ weights: [0.6, 0.2, 0.2] }), hand());
          set({ weights: [0.7, 0.15, 0.15] });
          [first, first, second, [0.1, 0.2, 0.3], first].forEach(sliders);
          return told;
        }"""
    )
    rests = [0.7, 0.15, 0.15]
    assert told == [rests, rests, rests, [0.1, 0.2, 0.3], [0.5, 0.25, 0.25]]


def test_the_triangle_sets_the_sliders_even_if_search_was_never_opened(studio: Studio) -> None:
    studio.tab("Weights")
    expect(studio.at("#simplex .status")).to_contain_text("Search first")
    studio.at("#simplex svg").press("ArrowUp")
    now = shares(studio)
    studio.page.wait_for_timeout(400)  # the sliders follow once the dot has rested
    studio.tab("Search")
    expect(studio.slider("dense")).to_have_value(str(now[0]))
    assert studio.weights() == now


def test_a_click_into_the_triangle_sets_the_sliders(studio: Studio) -> None:
    studio.search(QUERY, "atlas")
    studio.tab("Weights")
    box = studio.at("#simplex svg polygon.edge").bounding_box()
    assert box
    studio.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 0.04 * box["height"])
    now = shares(studio)
    assert now[0] > 0.9
    studio.tab("Search")
    expect(studio.slider("dense")).to_have_value(str(now[0]))
    assert studio.weights() == now


def test_ties_keep_the_order_of_the_corpus(open_with: OpenWith) -> None:
    studio = open_with("twins", zebra="Grey birds", ant="An owl at night", mole="The river rises")
    studio.search("qqq", "twins")
    studio.weigh(0, 1, 0)  # no token is shared: three times 0
    studio.expect_order(["zebra", "ant", "mole"])
