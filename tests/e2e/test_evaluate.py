"""The tab Evaluate, against what Python computes of the same collection."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import expect

from eval import power, report
from eval.evaluation import Evaluation, evaluate
from eval.grouping import in_order
from eval.measures import MEASURES
from eval.protocols import RUN_TITLES, TITLES
from studio.records import FusionSettings
from studio.ui import tables
from studio.ui.actions import comparing
from studio.ui.session import Measured
from tests.e2e.conftest import Open, Site
from tests.e2e.driver import ENCODING, Studio

FIVE, ALL = list(RUN_TITLES.values()), list(TITLES.values())
COLUMNS = dict(zip(MEASURES, (1, 4, 5, 6, 7), strict=True))  # nDCG@10's interval and letter between
MARKS = {0: "○", 1: "◐", 2: "●", None: ""}


def download(studio: Studio, button: str) -> Path:
    with studio.page.expect_download() as started:
        studio.at(button).click()
    return Path(started.value.path())


@pytest.fixture(scope="module")
def evaluated(browser, site: Site, atlas: Evaluation):
    """One page with atlas evaluated at the default weights, for the tests that only look."""
    from tests.e2e.driver import Guard

    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    guard = Guard(context, site.url)
    studio = Studio(context.new_page(), site.url)
    studio.open()
    studio.evaluate("atlas")
    yield studio
    context.close()
    assert guard.faults == []


def test_the_table_shows_five_modes_and_python_s_numbers(
    evaluated: Studio, atlas: Evaluation
) -> None:
    evaluated.at("#evaluate-view").get_by_label("All queries").check()
    expect(evaluated.at("#evaluate-table").get_by_test_id("cell-4-0")).to_have_text("All three")
    assert evaluated.cells("#evaluate-table", 0) == ALL
    for measure, column in COLUMNS.items():
        shown = evaluated.cells("#evaluate-table", column)
        assert shown == [f"{atlas.modes[mode][measure]:.4f}" for mode in TITLES]
    status = evaluated.at("#evaluate-status")
    for words in ("216 queries", "432 passages", "multilingual-e5-small", "studio", "1 / 0.3 / 1"):
        expect(status).to_contain_text(words)


def test_the_figure_has_a_bar_for_each_mode(evaluated: Studio, atlas: Evaluation) -> None:
    evaluated.at("#evaluate-view").get_by_label("All queries").check()
    figure = evaluated.at("#evaluate-figure .js-plotly-plot")
    expect(figure.locator(".barlayer .point > path")).to_have_count(6)
    bars = figure.locator(".barlayer text.bartext")
    assert bars.all_text_contents() == [f"{atlas.modes[m]['nDCG@10']:.3f}" for m in TITLES]
    expect(figure.locator(".errorbar")).to_have_count(6)


@pytest.mark.parametrize(("label", "grouping"), [("By language", "language"), ("By kind", "kind")])
def test_modes_are_told_apart_by_language_and_by_kind(
    evaluated: Studio, atlas: Evaluation, label: str, grouping: str
) -> None:
    evaluated.at("#evaluate-view").get_by_label(re.compile(label)).check()
    groups = atlas.group(grouping)
    shown = {"average": atlas.modes} if grouping == "language" else {}
    order = in_order(list(groups)) if grouping == "language" else list(groups)
    shown |= {name: groups[name] for name in order}
    table = evaluated.at("#evaluate-table")
    expect(table.get_by_test_id("cell-0-0")).to_have_text(next(iter(shown)))
    for row, (group, modes) in enumerate(list(shown.items())[:4]):
        cells = [table.get_by_test_id(f"cell-{row}-{column}").inner_text() for column in range(7)]
        assert [cell.strip() for cell in cells] == [
            group,
            *(f"{modes[mode]['nDCG@10']:.4f}" for mode in TITLES),
        ]
    figure = evaluated.at("#evaluate-figure .js-plotly-plot")
    expect(figure.locator(".legendtext")).to_have_text(ALL)
    expect(figure.locator(".ytick")).to_have_count(len(groups))


def test_a_query_opens_to_what_each_mode_returned_with_its_marks(
    evaluated: Studio, atlas: Evaluation
) -> None:
    query = atlas.scored.collection.queries[1]
    evaluated.at("#evaluate-queries").get_by_test_id("cell-1-1").click()
    expect(evaluated.at("#returned h3")).to_have_text(query.text)
    sections = evaluated.at("#returned section")
    expect(sections).to_have_count(6)
    grades = atlas.scored.collection.qrels[query.id]
    for at, mode in enumerate(TITLES):
        rows = atlas.runs[mode][query.id].rows[:5]
        ids = [atlas.scored.ids[row] for row in rows]
        assert sections.nth(at).locator("li code").all_inner_texts() == ids
        marks = sections.nth(at).locator("li .grade").all_inner_texts()
        assert marks == [MARKS[grades.get(name)] for name in ids]


def test_the_table_is_taken_away_as_csv(evaluated: Studio, atlas: Evaluation) -> None:
    taken = pd.read_csv(download(evaluated, "#download-csv"), keep_default_na=False)
    expected = tables.download(atlas)
    assert list(taken.columns) == list(expected.columns)
    assert taken["mode"].tolist() == expected["mode"].tolist()
    for measure in MEASURES:
        assert taken[measure].tolist() == pytest.approx(expected[measure].tolist(), abs=1e-12)


def test_the_runs_are_taken_away_as_trec_files(evaluated: Studio, atlas: Evaluation) -> None:
    with zipfile.ZipFile(io.BytesIO(download(evaluated, "#download-trec").read_bytes())) as taken:
        files = {name for name in taken.namelist() if not name.endswith("/")}
        assert {f"atlas/runs/{mode}.trec" for mode in TITLES} < files
        assert {"atlas/report.json", "atlas/qrels.trec", "atlas/per_query.csv"} < files
        for mode in TITLES:
            text = taken.read(f"atlas/runs/{mode}.trec").decode()
            assert text == report.run_trec(atlas, mode)
        assert {len(line.split()) for line in text.splitlines()} == {6}
        assert taken.read("atlas/qrels.trec").decode() == report.qrels_trec(atlas)


def test_the_published_numbers_stand_there_as_not_comparable(evaluated: Studio) -> None:
    assert evaluated.cells("#published", 4) == ["not comparable"] * 6
    reasons = evaluated.at("#why-not")
    expect(reasons).to_contain_text("Not comparable: another collection (atlas: 432 passages")
    expect(reasons).to_contain_text("another encoder (embedded")
    expect(reasons).to_contain_text("Sources: arXiv 2402.03216v4 Table 1")


def test_intervals_letters_and_pairs_say_what_the_labels_tell_apart(
    evaluated: Studio, atlas: Evaluation
) -> None:
    evaluated.at("#evaluate-view").get_by_label("All queries").check()
    comparison = comparing.compare(Measured(atlas.scored, atlas)).comparison
    assert comparison
    assert comparison.power
    expect(evaluated.at("#evaluate-power")).to_contain_text(power.sentence(comparison.power))
    assert evaluated.cells("#evaluate-table", 3) == [one.mark for one in comparison.standings]
    evaluated.at("#pairs-section button.label-wrap").click()
    expect(evaluated.at("#pairs").get_by_test_id("cell-0-0")).to_have_text("Dense − Sparse")
    assert evaluated.cells("#pairs", 1)[:3] == [
        tables.signed(pair.difference) for pair in comparison.pairs[:3]
    ]


def test_the_table_follows_the_sliders_without_a_run(evaluated: Studio, atlas: Evaluation) -> None:
    evaluated.at("#evaluate-view").get_by_label("All queries").check()
    evaluated.at("#evaluate-weight-sparse").get_by_test_id("range-input").fill("0.9")
    expected = evaluate(atlas.scored, FusionSettings((1, 0.9, 1))).modes["fused"]["nDCG@10"]
    cell = evaluated.at("#evaluate-table").get_by_test_id("cell-4-1")
    expect(cell).to_have_text(f"{expected:.4f}")
    expect(evaluated.at("#evaluate-status")).to_contain_text("At weights 1 / 0.9 / 1")
    evaluated.tab("Search")
    assert evaluated.weights() == [1, 0.9, 1]
    evaluated.weigh(1, 0.3, 1)
    evaluated.tab("Evaluate")
    expect(evaluated.at("#evaluate-weight-sparse").get_by_test_id("range-input")).to_have_value(
        "0.3"
    )


def test_a_run_again_at_other_weights_uses_the_sliders(
    evaluated: Studio, atlas: Evaluation
) -> None:
    evaluated.tab("Search")
    evaluated.weigh(0, 1, 0)
    evaluated.tab("Evaluate")
    evaluated.at("#evaluate-view").get_by_label("All queries").check()
    evaluated.at("#evaluate-go").click()
    expect(evaluated.at("#evaluate-status")).to_contain_text("weights 0 / 1 / 0")
    sparse = f"{atlas.modes['sparse']['nDCG@10']:.4f}"
    expect(evaluated.at("#evaluate-table").get_by_test_id("cell-3-1")).to_have_text(sparse)


def test_downloads_before_a_run_say_what_is_missing(studio: Studio) -> None:
    studio.tab("Evaluate")
    studio.at("#download-csv").click()
    expect(studio.toast).to_contain_text("nothing to download yet")


def test_a_running_evaluation_can_be_cancelled(studio: Studio, site: Site) -> None:
    for kept in ("queries-*.npz", "scores-*.npz"):  # else it is done at once
        for path in site.server.cache.glob(kept):
            path.unlink()
    studio.tab("Evaluate")
    studio.at("#evaluate-go").click()
    expect(studio.at("#evaluate-status")).to_contain_text(re.compile(r"\d+ of 216"))
    studio.at("#evaluate-cancel").click()
    expect(studio.at("#evaluate-status")).to_contain_text("Stopped.")
    expect(studio.at("#evaluate-go")).to_be_enabled()


def test_a_collection_that_does_not_exist_is_named_in_the_toast(visit: Open, site: Site) -> None:
    studio = visit(site)
    studio.tab("Evaluate")
    studio.name_collection("nowhere/at-all")
    studio.at("#evaluate-go").click()
    expect(studio.toast).to_contain_text("There is no collection 'nowhere/at-all'")
    expect(studio.at("#evaluate-status")).to_contain_text("Stopped.")


def test_a_person_brings_a_zip_and_takes_the_report_away(studio: Studio, tmp_path: Path) -> None:
    lines = {
        "corpus.jsonl": [
            '{"_id": "o", "text": "An owl at night"}',
            '{"_id": "h", "text": "Reeds"}',
        ],
        "queries.jsonl": ['{"_id": "q", "text": "owl"}', '{"_id": "r", "text": "reeds"}'],
        "qrels/test.tsv": ["query-id\tcorpus-id\tscore", "q\to\t1", "r\th\t1"],
    }
    path = tmp_path / "birds.zip"
    with zipfile.ZipFile(path, "w") as made:
        for name, content in lines.items():
            made.writestr(f"birds/{name}", "\n".join(content))
    studio.tab("Evaluate")
    studio.at("#bring button.label-wrap").click()
    studio.at("#collection-upload input[type=file]").set_input_files(path)
    expect(studio.at("#evaluate-status")).to_contain_text("birds: 2 judged queries (test)")
    expect(studio.at("#collection input")).to_have_value("uploaded: birds")
    studio.choose("#evaluate-protocol", "mteb: the leaderboard's texts, ties and rounding")
    studio.at("#evaluate-go").click()
    status = studio.at("#evaluate-status")
    expect(status).to_contain_text("2 queries against 2 passages", timeout=ENCODING)
    expect(status).to_contain_text("protocol mteb")
    with zipfile.ZipFile(io.BytesIO(download(studio, "#download-trec").read_bytes())) as taken:
        about = json.loads(taken.read("birds/run.json"))
    assert about["protocol"] == "mteb"
    assert about["modes"]["dense"]["nDCG@10"] > 0.6


def test_a_broken_zip_is_said_and_nothing_is_lost(evaluated: Studio, tmp_path: Path) -> None:
    path = tmp_path / "broken.zip"
    path.write_bytes(b"no zip")
    before = evaluated.cells("#evaluate-table", 0)
    evaluated.at("#bring button.label-wrap").click()
    evaluated.at("#collection-upload input[type=file]").set_input_files(path)
    expect(evaluated.toast).to_contain_text("broken.zip is broken")
    assert evaluated.cells("#evaluate-table", 0) == before
