"""A phone, and the dark theme."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Open, Site
from tests.e2e.driver import Studio

TABS = ("Corpus", "Search", "Weights", "Evaluate", "About")


def width(studio: Studio) -> int:
    return int(studio.page.evaluate("document.documentElement.scrollWidth"))


def test_a_phone_scrolls_no_tab_sideways_and_searches(visit: Open, site: Site) -> None:
    studio = visit(site, viewport={"width": 390, "height": 844}, has_touch=True)
    for name in TABS:
        studio.tab(name)
        expect(studio.page.get_by_role("tabpanel")).to_be_visible()
        assert width(studio) <= 390, name
    hits = studio.search("Which lighthouse was built first?", "atlas")
    assert len(hits) == 10
    studio.at("#results .why").first.click()
    expect(studio.at("#reasons .reasons-table")).to_have_count(2)
    assert width(studio) <= 390
    studio.tab("Corpus")
    studio.at("#corpus-sample").click()
    expect(studio.tile("passages")).to_have_text("432")
    assert width(studio) <= 390
    studio.tab("Weights")
    expect(studio.at("#simplex .cell")).to_have_count(231)
    assert width(studio) <= 390


@pytest.mark.parametrize(("path", "dark"), [("/?__theme=dark", True), ("/?__theme=light", False)])
def test_the_theme_can_be_dark_or_light(visit: Open, site: Site, path: str, dark: bool) -> None:
    studio = visit(site, path)
    brightness = """() => { const [r, g, b] = getComputedStyle(document.body)
      .backgroundColor.match(/\\d+/g).map(Number); return (r + g + b) / 3; }"""
    assert (studio.page.evaluate(brightness) < 80) == dark
