"""The tab Weights for a whole collection, from an evaluation to a verdict and its texts."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from eval import surface, sweep
from eval.evaluation import Evaluation, evaluate
from studio.records import FusionSettings
from tests.e2e.conftest import Open, Site
from tests.e2e.driver import ENCODING, Studio, number


@pytest.fixture
def weighed(studio: Studio) -> Studio:
    """Atlas evaluated, and the tab Weights open with its surface."""
    studio.evaluate("atlas")
    studio.tab("Weights")
    expect(studio.at("#simplex .band").first).to_be_visible(timeout=ENCODING)
    return studio


def fine(studio: Studio) -> None:
    """Wait for the finest grid: hundredths are its points."""
    expect(studio.at("#simplex .status")).to_contain_text("5,151 mixes", timeout=ENCODING)


def said(studio: Studio) -> float:
    """The measure that the status line tells of the dot's mix."""
    words = studio.at("#simplex .status").inner_text()
    found = re.search(r"nDCG@10 ([0-9]\.[0-9]+)", words)
    assert found, words
    return float(found[1])


def row(studio: Studio, name: str) -> list[str]:
    found = studio.at("#simplex .pins-table tbody tr").filter(has_text=name)
    return [cell.strip() for cell in found.locator("td, th").all_inner_texts()]


def test_before_an_evaluation_the_triangle_says_what_to_do(studio: Studio) -> None:
    studio.tab("Weights")
    studio.at("#weights-view").get_by_label("This collection").check()
    expect(studio.at("#simplex .status")).to_contain_text("Run an evaluation in the tab Evaluate")
    studio.at("#tune-go").click()
    expect(studio.toast).to_contain_text("Run an evaluation in the tab Evaluate first")


def test_the_triangle_shows_the_evaluated_collection_with_pythons_numbers(
    weighed: Studio, atlas: Evaluation
) -> None:
    expect(weighed.at("#weights-view").get_by_label("This collection")).to_be_checked()
    fine(weighed)
    labels = surface.of(atlas.scored)
    found = sweep.measure_surface(labels, FusionSettings(), step=0.01)
    best = float(found.means[found.best])
    assert float(row(weighed, "Best mix")[3]) == pytest.approx(best, abs=5e-5)
    assert float(row(weighed, "ColBERT alone")[3]) == pytest.approx(
        atlas.modes["multi_vector"]["nDCG@10"], abs=5e-5
    )
    expect(weighed.at("#simplex .pins-table tfoot")).to_contain_text(
        f"{len(found.region):,} of 5,151 mixes"
    )
    weighed.at("#simplex svg").press("Home")
    assert said(weighed) == pytest.approx(best, abs=5e-5)


def test_dragging_the_dot_sets_sliders_table_and_queries(
    weighed: Studio, atlas: Evaluation
) -> None:
    fine(weighed)
    weighed.at("#simplex .pins-table").get_by_role("button", name="Equal").click()
    third = evaluate(atlas.scored, FusionSettings((1, 1, 1))).modes["fused"]["nDCG@10"]
    panel = weighed.at("#at-mix .sum")
    expect(panel).to_contain_text(f"{third:.4f} nDCG@10")
    expect(panel).to_contain_text("against the default's")
    assert float(row(weighed, "This mix")[3]) == pytest.approx(third, abs=5e-5)
    expect(weighed.at("#at-mix table").first).to_be_visible()
    weighed.tab("Search")
    assert weighed.weights() == [1, 1, 1]


def test_another_way_of_combining_and_another_measure_are_measured_anew(
    weighed: Studio, atlas: Evaluation
) -> None:
    weighed.at("#weights-way").get_by_label("Min-max").check()
    expect(weighed.at("#simplex .status")).to_contain_text("min-max", timeout=ENCODING)
    settings = FusionSettings((1, 1, 1), "min-max")
    third = evaluate(atlas.scored, settings).modes["fused"]["nDCG@10"]
    expect(weighed.at("#simplex .pins-table")).to_contain_text(f"{third:.4f}")
    default = evaluate(atlas.scored, FusionSettings(normalise="min-max")).modes["fused"]["nDCG@10"]
    expect(weighed.at("#at-mix .sum")).to_contain_text(f"{default:.4f} nDCG@10")
    expect(weighed.at("#takeaway pre")).to_contain_text("min-max normalised per query")
    weighed.choose("#weights-measure", "MAP")
    expect(weighed.at("#simplex .pins-table caption")).to_contain_text("MAP at each mix")
    weighed.tab("Search")
    expect(weighed.at("#normalise").get_by_label("Min-max")).to_be_checked()


def test_limits_leave_out_mixes_and_wrong_ones_are_said(weighed: Studio) -> None:
    fine(weighed)
    weighed.at("#limits button.label-wrap").click()
    box = weighed.write("#multi-vector-at-most input", "0")
    box.press("Enter")
    expect(weighed.at("#simplex .pins-table tfoot")).to_contain_text("of 101 mixes")
    assert row(weighed, "Best mix")[2].endswith("/ 0")
    box.fill("7")
    box.press("Enter")
    expect(weighed.toast).to_contain_text("no share of 1")


def test_a_person_goes_from_an_evaluation_to_a_verdict_and_a_configuration(
    weighed: Studio, atlas: Evaluation
) -> None:
    weighed.at("#tune-go").click()
    heading = weighed.at("#verdict h3")
    expect(heading).to_be_visible(timeout=ENCODING)
    swept = sweep.sweep(surface.of(atlas.scored), FusionSettings())
    assert heading.inner_text().lower() == swept.held_out.verdict
    expect(weighed.at("#verdict")).to_contain_text("nDCG@10 · atlas · 216 queries · raw scores")
    gain = weighed.at("#verdict .facts dd").first.inner_text()
    assert number(gain) == pytest.approx(swept.held_out.gain, abs=5e-5)
    expect(weighed.at("#verdict")).to_contain_text(swept.power)
    weighed.at("#tune-use").click()
    best = swept.surface.weights[swept.surface.best].tolist()
    expect(weighed.at("#at-mix .sum")).to_contain_text(f"{swept.surface.means.max():.4f}")
    texts = weighed.at("#takeaway pre")
    expect(texts).to_contain_text("held-out queries")
    weighed.at("#takeaway select").select_option("json")
    kept = json.loads(texts.inner_text())["settings"]["weights"]
    assert list(kept.values()) == pytest.approx(best)
    weighed.at("#takeaway select").select_option("qdrant-formula")
    expect(texts).to_contain_text("FormulaQuery")
    expect(weighed.at("#takeaway li").first).to_be_visible()
    weighed.tab("Search")
    assert weighed.weights() == pytest.approx(best)


def test_lines_and_reciprocal_ranks_are_drawn(weighed: Studio) -> None:
    weighed.at("#lines-go").click()
    expect(weighed.at("#lines-words")).to_contain_text("Dense to ColBERT", timeout=ENCODING)
    expect(weighed.at("#lines-figure .trace").first).to_be_visible()


@pytest.mark.parametrize("width", [390, 1440])
def test_the_tab_never_scrolls_sideways(visit: Open, site: Site, width: int) -> None:
    studio = visit(site, viewport={"width": width, "height": 900})
    studio.evaluate("atlas")
    studio.tab("Weights")
    expect(studio.at("#simplex .band").first).to_be_visible(timeout=ENCODING)
    studio.at("#tune-go").click()
    expect(studio.at("#verdict h3")).to_be_visible(timeout=ENCODING)
    wide = studio.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
