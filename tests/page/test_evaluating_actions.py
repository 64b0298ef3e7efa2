from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from eval.measures import MEASURES
from eval.protocols import RUN_TITLES
from studio.encoders.lazy import LazyEncoder
from studio.errors import ReadingError, SettingsError, StudioError
from studio.records import FusionSettings
from studio.ui import figures, tables
from studio.ui.actions import evaluating
from studio.ui.session import Measured, Server
from tests.fakes import NoEncoder
from tests.page.conftest import VISITOR

TITLES = list(RUN_TITLES.values())


def run(server: Server, folder: Path, measured: Measured | None = None, *weights: float):
    settings = FusionSettings(weights or (1.0, 0.3, 1.0))  # type: ignore[arg-type]
    steps = evaluating.run(server, measured or Measured(), VISITOR, str(folder), settings)
    return list(steps)[-1]


def test_an_evaluation_ends_with_a_sentence_that_says_what_was_run(
    server: Server, folder: Path
) -> None:
    measured, status = run(server, folder)
    assert measured.evaluation is not None
    assert status["kind"] == "done"
    assert status["text"].startswith(
        "tiny/beir: 2 queries against 3 passages · encoder fake · letter counts (1, exact) · "
        "protocol studio · weights 1 / 0.3 / 1 · raw scores · "
    )


def test_a_folder_of_the_same_name_is_another_collection(
    server: Server, folder: Path, tmp_path: Path
) -> None:
    measured, _ = run(server, folder)
    other = shutil.copytree(folder, tmp_path / "elsewhere" / "tiny" / "beir")
    rows = ["query-id\tcorpus-id\tscore", "q1\towl\t1", "q2\tfox\t1"]
    (other / "qrels" / "test.tsv").write_text("\n".join(rows), "utf-8")
    again, _ = run(server, other, measured)
    assert again.evaluation.modes["sparse"]["nDCG@10"] == 0.0
    assert measured.evaluation.modes["sparse"]["nDCG@10"] == 1.0


def test_a_grouping_that_the_collection_lacks_falls_back_to_all(
    server: Server, folder: Path
) -> None:
    lines = (folder / "queries.jsonl").read_text("utf-8").replace("kind", "sort")
    (folder / "queries.jsonl").write_text(lines, "utf-8")
    measured, _ = run(server, folder)
    assert evaluating.grouping_of(measured, "kind") == "all"
    assert evaluating.grouping_of(measured, "language") == "language"


def test_after_a_stop_the_page_says_what_stands_below(server: Server, folder: Path) -> None:
    assert evaluating.stopped(Measured())["text"] == "Stopped."
    measured, _ = run(server, folder)
    assert "Below stands tiny/beir: 2 queries" in evaluating.stopped(measured)["text"]


def test_new_weights_need_no_model(server: Server, folder: Path) -> None:
    measured, _ = run(server, folder)
    quiet = Server(LazyEncoder.ready(NoEncoder()), server.home)
    again, status = run(quiet, folder, measured, 0.0, 1.0, 0.0)
    assert "weights 0 / 1 / 0" in status["text"]
    assert again.scored is measured.scored


def test_the_table_has_a_row_for_each_mode(server: Server, folder: Path) -> None:
    measured, _ = run(server, folder)
    frame = evaluating.overall(measured, "all")
    assert frame["mode"].tolist() == TITLES
    assert list(frame.columns) == ["mode", *MEASURES]
    assert frame["nDCG@10"].tolist() == ["1.0000"] * 5
    by_language = evaluating.overall(measured, "language")
    assert by_language[""].tolist() == ["de", "en"]
    assert list(by_language.columns) == ["", *TITLES]
    assert evaluating.overall(measured, "kind")[""].tolist() == ["identifier", "paraphrase"]


def test_before_a_run_everything_is_empty_or_says_so(server: Server) -> None:
    assert evaluating.overall(Measured(), "all").empty
    assert evaluating.queries(Measured()).empty
    for act in (evaluating.download_table, evaluating.download_runs):
        with pytest.raises(StudioError, match="nothing to download yet"):
            act(Measured())
    with pytest.raises(SettingsError, match="Run an evaluation first"):
        evaluating.returned(Measured(), "q1")


def test_a_query_opens_to_what_each_mode_returned(server: Server, folder: Path) -> None:
    measured, _ = run(server, folder)
    assert evaluating.queries(measured)["query"].tolist() == ["fax", "owl"]
    found = evaluating.returned(measured, "q1")
    assert (found["query"], found["about"]) == ("fax", "q1 · en · identifier · 1 relevant")
    assert [mode["title"] for mode in found["modes"]] == TITLES
    dense, sparse = found["modes"][:2]
    assert [(hit["id"], hit["grade"]) for hit in dense["hits"]] == [
        ("fax", 2),
        ("fox", 0),
        ("owl", None),
    ]
    assert [hit["id"] for hit in sparse["hits"]] == ["fax"]  # the others share no token
    assert dense["score"] == "1.0000"


def test_the_table_and_the_runs_are_written_to_be_taken_away(server: Server, folder: Path) -> None:
    measured, _ = run(server, folder)
    path = Path(evaluating.download_table(measured))
    assert path.name == "tiny-beir.csv"
    frame = pd.read_csv(path, keep_default_na=False)
    assert len(frame) == (1 + 2 + 2) * 5  # all, two languages, two kinds; five modes
    assert set(frame["weights"]) == {"1/0.3/1"}
    with zipfile.ZipFile(evaluating.download_runs(measured)) as taken:
        [line, *_] = taken.read("tiny-beir/runs/dense.trec").decode().splitlines()
        assert "tiny-beir/report.json" in taken.namelist()
    query, q0, passage, rank, score, _tag = line.split()
    assert (query, q0, passage, rank) == ("q1", "Q0", "fax", "1")
    assert float(score) == pytest.approx(1.0)


def test_a_public_server_evaluates_no_folder(public: Server, folder: Path) -> None:
    with pytest.raises(SettingsError, match="On this public server"):
        evaluating.load(public, str(folder))
    assert evaluating.load(public, "atlas").name == "atlas"


def test_a_collection_must_be_named_and_exist(server: Server) -> None:
    with pytest.raises(SettingsError, match="Choose a collection"):
        evaluating.load(server, "")
    with pytest.raises(ReadingError, match="There is no collection 'nowhere'"):
        evaluating.load(server, "nowhere")


def test_figures_hold_the_numbers_of_the_tables(server: Server, folder: Path) -> None:
    measured, _ = run(server, folder)
    assert measured.evaluation is not None
    [bars] = figures.by_group(measured.evaluation, "all").data
    assert list(bars.y) == TITLES
    assert list(bars.x) == [1.0] * 5
    assert list(bars.marker.color) == list(figures.COLOURS.values())
    grouped = figures.by_group(measured.evaluation, "language")
    assert [trace.name for trace in grouped.data] == TITLES
    assert {tuple(trace.y) for trace in grouped.data} == {("de", "en")}
    assert grouped.layout.xaxis.title.text == "nDCG@10"


def test_the_empty_figure_says_what_will_stand_there() -> None:
    figure = figures.empty()
    assert not figure.data
    assert "after Run" in figure.layout.annotations[0].text


def test_published_numbers_stand_beside_ours_as_not_comparable(
    server: Server, folder: Path
) -> None:
    measured, _ = run(server, folder)
    assert measured.evaluation is not None
    frame = tables.published(measured.evaluation)
    assert frame["mode"].tolist() == TITLES
    assert frame["here (tiny/beir)"].tolist() == ["1.0000"] * 5
    assert frame[""].tolist() == ["not comparable"] * 5


def test_a_missing_number_is_a_dash_and_never_zero() -> None:
    assert [tables.number(n) for n in (None, float("nan"), 0.0, 0.12345)] == [
        "–",
        "–",
        "0.0000",
        "0.1235",
    ]
    assert tables.modes({"dense": {}})["nDCG@10"].tolist() == ["–"]


def test_a_program_gets_the_report(server: Server, folder: Path) -> None:
    found = evaluating.answer(server, str(folder))
    assert (found["collection"], found["queries"], found["passages"]) == ("tiny/beir", 2, 3)
    assert found["modes"]["fused"]["nDCG@10"] == 1.0
