"""The tab Search: hits, their scores, and the reasons for them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from studio.answers import answer
from studio.records import FusionSettings
from studio.workspace import Workspace
from tests.e2e.conftest import Site
from tests.e2e.driver import Studio, number

QUERY = "Which lighthouse was built first?"
HALF = 0.5e-4  # the page rounds to four digits


def test_search_shows_what_python_finds(studio: Studio, site: Site) -> None:
    index = Workspace(site.server.home).index("atlas")
    truth = answer(index, site.server.encoder.get(), QUERY, FusionSettings())["results"]
    hits = studio.search(QUERY, "atlas")
    assert [(h.passage, h.rank, h.score) for h in hits] == [
        (result["passage"], result["rank"], result["score"]) for result in truth
    ]
    for hit, result in zip(hits, truth, strict=True):
        raw = [result["dense"], result["sparse"], result["multi_vector"]]
        assert hit.column(1) == pytest.approx(raw, abs=HALF)
        assert (hit.title, hit.text) == (result["title"], result["text"])


def test_contributions_add_up_to_the_total_shown(studio: Studio) -> None:
    for hit in studio.search(QUERY, "atlas"):
        value, weight, adds = hit.column(3), hit.column(4), hit.column(5)
        assert weight == [1, 0.3, 1]
        assert adds == pytest.approx([v * w for v, w in zip(value, weight, strict=True)], abs=1e-4)
        assert sum(adds) == pytest.approx(number(hit.total), abs=4 * HALF)
        assert number(hit.total) == pytest.approx(hit.score, abs=HALF)


def test_enter_in_the_query_box_searches(studio: Studio) -> None:
    studio.tab("Search")
    studio.at("#query textarea").fill(QUERY)
    studio.at("#query textarea").press("Enter")
    studio.at("#results [data-passage]").first.wait_for()
    assert len(studio.hits()) == 10
    expect(studio.at("#results .status")).to_contain_text("432 of 432 passages compete")


def test_an_example_searches_at_one_click(studio: Studio) -> None:
    studio.tab("Search")
    example = studio.at("#examples").get_by_role("button").first
    text = example.inner_text().strip().rstrip(".…")  # the button shows its beginning
    example.click()
    studio.at("#results [data-passage]").first.wait_for()
    expect(studio.at("#query textarea")).to_have_value(re.compile(f"^{re.escape(text)}"))


def test_the_reasons_add_up_to_the_raw_scores(studio: Studio) -> None:
    hit = studio.search(QUERY, "atlas")[0]
    _, sparse, late = hit.column(1)
    studio.at("#results .why").first.click()
    tables = studio.at("#reasons .reasons-table")
    expect(tables).to_have_count(2)
    expect(studio.at("#reasons h3")).to_have_text(hit.title)
    products = [number(t) for t in tables.nth(0).locator("tbody td:last-child").all_inner_texts()]
    assert products
    assert sum(products) == pytest.approx(sparse, abs=HALF * (len(products) + 1))
    expect(tables.nth(0).locator("tfoot")).to_have_text(
        f"Their sum {sparse:.4f} is the raw sparse score {sparse:.4f}."
    )
    similar = [number(t) for t in tables.nth(1).locator("tbody td:last-child").all_inner_texts()]
    assert sum(similar) / len(similar) == pytest.approx(late, abs=2 * HALF)
    expect(tables.nth(1).locator("tfoot")).to_have_text(
        f"Their mean {late:.4f} is the raw ColBERT score {late:.4f}. This encoder lets rare words "
        "count more, so a value can be above 1."
    )
    studio.at("#results .why").first.click()
    expect(tables).to_have_count(0)


def test_the_reasons_are_those_of_the_hit_clicked_last(studio: Studio) -> None:
    hits = studio.search(QUERY, "atlas")
    whys = studio.at("#results .why")
    for at, pause in ((3, 0), (4, 0), (0, 30), (3, 80), (1, 150), (2, 0)):  # ms
        whys.nth(at).evaluate("(button) => button.click()")
        studio.page.wait_for_timeout(pause)
    expect(studio.at("#results .hit.chosen .title")).to_have_text(hits[2].title)
    expect(studio.at("#reasons h3")).to_have_text(hits[2].title)
    foot = studio.at("#reasons .reasons-table.multi_vector tfoot")
    expect(foot).to_contain_text(f"{hits[2].column(1)[2]:.4f}.")


def test_ten_more_come_with_their_texts_however_fast_they_are_asked_for(studio: Studio) -> None:
    studio.search(QUERY, "atlas")
    more = studio.at("#results .more")
    for shown in range(20, 130, 10):
        more.evaluate("(button) => button.click()")
        expect(studio.at("#results [data-passage]")).to_have_count(shown)
    hits = studio.hits()
    assert [hit.rank for hit in hits] == list(range(1, 121))
    assert all(len(hit.text) > 1 for hit in hits)


def test_another_query_replaces_hits_and_reasons(studio: Studio) -> None:
    first = studio.search(QUERY, "atlas")
    studio.at("#results .why").first.click()
    expect(studio.at("#reasons .reasons-table")).to_have_count(2)
    studio.at("#query textarea").fill("K-417")
    studio.at("#search-go").click()
    expect(studio.at("#reasons .reasons-table")).to_have_count(0)
    assert studio.hits() != first
    assert [hit.rank for hit in studio.hits()] == list(range(1, 11))


def test_odd_queries_are_searched(studio: Studio) -> None:
    for query in ("x", "!", "🔎", "<b>&amp;</b>"):
        assert len(studio.search(query, "atlas")) == 10
        expect(studio.at("#results .status")).not_to_contain_text("cut")


def test_a_query_too_long_is_cut_and_the_page_says_so(studio: Studio) -> None:
    assert len(studio.search("word " * 2_000, "atlas")) == 10
    expect(studio.at("#results .status")).to_contain_text("its end was cut")
