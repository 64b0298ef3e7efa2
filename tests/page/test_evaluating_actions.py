from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from eval import collection, palette
from eval.measures import MEASURES
from eval.protocols import RUN_TITLES, TITLES
from studio.encoders.lazy import LazyEncoder
from studio.errors import ReadingError, SettingsError, StudioError
from studio.records import FusionSettings
from studio.ui import figures, tables
from studio.ui.actions import comparing, evaluating, following, testsets
from studio.ui.session import Measured, Server, Taken
from tests.fakes import NoEncoder
from tests.page.conftest import VISITOR

FIVE, ALL = list(RUN_TITLES.values()), list(TITLES.values())


def run(
    server: Server,
    folder: Path,
    measured: Measured | None = None,
    *weights: float,
    protocol: str = "studio",
):
    settings = FusionSettings(weights or (1.0, 0.3, 1.0))  # type: ignore[arg-type]
    before, loaded = measured or Measured(), collection.load(str(folder))
    return list(evaluating.run(server, before, VISITOR, loaded, protocol, settings))[-1]


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
    assert frame["mode"].tolist() == ALL
    assert list(frame.columns) == ["mode", "nDCG@10", "its 95 %", "letter", *[*MEASURES][1:]]
    assert frame["nDCG@10"].tolist() == ["1.0000"] * 6
    by_language = evaluating.overall(measured, "language")
    assert by_language[""].tolist() == ["average", "en", "de"]  # MIRACL's order
    assert list(by_language.columns) == ["", *ALL]
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
    assert [mode["title"] for mode in found["modes"]] == ALL
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
    assert len(frame) == (1 + 2 + 2) * 6  # all, two languages and kinds; five modes and BM25
    assert set(frame["weights"]) == {"1/0.3/1"}
    with zipfile.ZipFile(evaluating.download_runs(measured)) as taken:
        [line, *_] = taken.read("tiny-beir/runs/dense.trec").decode().splitlines()
        assert "tiny-beir/report.json" in taken.namelist()
    query, q0, passage, rank, score, _tag = line.split()
    assert (query, q0, passage, rank) == ("q1", "Q0", "fax", "1")
    assert float(score) == pytest.approx(1.0)


def test_a_public_server_evaluates_no_folder(public: Server, folder: Path) -> None:
    with pytest.raises(SettingsError, match="On this public server"):
        testsets.load(public, str(folder), Taken())
    assert testsets.load(public, "atlas", Taken()).name == "atlas"


def test_a_collection_must_be_named_and_exist(server: Server) -> None:
    with pytest.raises(SettingsError, match="Choose a collection"):
        testsets.load(server, "", Taken())
    with pytest.raises(ReadingError, match="There is no collection 'nowhere'"):
        testsets.load(server, "nowhere", Taken())


def test_figures_hold_the_numbers_of_the_tables(server: Server, folder: Path) -> None:
    measured, _ = run(server, folder)
    assert measured.evaluation is not None
    [bars] = figures.by_group(measured.evaluation, "all").data
    assert list(bars.y) == ALL
    assert list(bars.x) == [1.0] * 6
    assert list(bars.marker.color) == list(palette.COLOURS.values())
    grouped = figures.by_group(measured.evaluation, "language")
    assert [trace.name for trace in grouped.data] == ALL
    assert {tuple(trace.y) for trace in grouped.data} == {("en", "de")}
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
    frame, words = comparing.published(measured)
    assert frame["mode"].tolist() == ALL
    assert frame["here"].tolist() == ["1.0000"] * 6
    assert frame[""].tolist() == ["not comparable"] * 6
    assert words.startswith("**Not comparable:** another collection (tiny/beir: 3 passages")
    assert "Dense, Sparse, ColBERT, Dense + Sparse, All three: another encoder (fake" in words
    assert words.endswith("Sources: arXiv 2402.03216v4 Table 1.")
    assert comparing.published(Measured())[0].empty


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


def test_every_protocol_runs_and_one_with_fixed_weights_keeps_them(
    server: Server, folder: Path
) -> None:
    for protocol, weights in (
        ("paper-miracl", "1 / 0.3 / 1"),
        ("paper-mldr", "0.15 / 0.5 / 0.35"),
        ("mteb", "0.5 / 0.1 / 0.4"),
    ):
        measured, status = run(server, folder, None, 0.5, 0.1, 0.4, protocol=protocol)
        assert f"protocol {protocol} · weights {weights}" in status["text"]
        assert measured.scored.protocol == protocol


def test_another_protocol_scores_anew(server: Server, folder: Path) -> None:
    measured, _ = run(server, folder)
    again, _ = run(server, folder, measured, protocol="mteb")
    assert again.scored is not measured.scored


def test_modes_are_compared_pair_by_pair(server: Server, folder: Path) -> None:
    measured, _ = run(server, folder)
    after = comparing.compare(measured)
    assert after.comparison is not None
    frame = evaluating.overall(after, "all")
    assert frame[tables.MARK].tolist() == ["a"] * 6  # two queries tell nothing apart
    assert frame[tables.INTERVAL].tolist() == ["1.000 to 1.000"] * 6
    pairs = tables.pairs(after.comparison)
    assert len(pairs) == 15
    assert pairs["pair"][0] == "Dense − Sparse"
    assert pairs["wins / ties / losses"][0] == "0 / 2 / 0"
    assert tables.pairs(None).empty
    assert comparing.compare(Measured()).comparison is None
    assert "2 queries" in comparing.power(after)
    assert comparing.power(Measured()) == ""
    assert comparing.expected(50).startswith("With 50 queries of this spread (.127, typical")
    [bars] = figures.by_group(after.evaluation, "all", after.comparison).data
    assert list(bars.error_x.array) == [0.0] * 6


def test_the_table_follows_the_weights_without_ranking_anew(server: Server, folder: Path) -> None:
    measured, _ = run(server, folder)
    after = comparing.compare(measured)
    assert following.follow(Measured(), "all", FusionSettings((0, 1, 0))) is None
    assert following.follow(after, "all", FusionSettings()) is None  # as it stands
    assert following.follow(after, "kind", FusionSettings((0, 1, 0))) is None
    settings = FusionSettings((0.2, 0.7, 0.1), "min-max")
    exact, _ = run(server, folder, None)
    expected = evaluating.evaluate(exact.scored, settings)
    frame, status = following.follow(after, "all", settings)
    assert "At weights 0.2 / 0.7 / 0.1" in status["text"]
    for column in MEASURES:
        shown = [tables.number(numbers[column]) for numbers in expected.modes.values()]
        assert frame[column].tolist() == shown
    assert frame[tables.MARK].tolist() == ["a", "a", "a", "", "", "a"]
    frame, _ = following.follow(after, "language", settings)
    assert frame[""].tolist() == ["average", "en", "de"]
    none, _ = following.follow(after, "all", FusionSettings((0, 0, 1)))
    assert none["nDCG@10"].tolist()[3] == "–"  # dense and sparse weigh nothing


def test_a_zip_is_taken_and_chosen(server: Server, public: Server, folder: Path) -> None:
    path = Path(shutil.make_archive(str(folder.parent / "brought"), "zip", folder))
    taken, name = testsets.take(server, VISITOR, str(path))
    assert name == "uploaded: brought"
    assert testsets.load(server, name, taken) is taken.collection
    assert testsets.load(public, name, taken) is taken.collection
    assert testsets.told(taken.collection).startswith("brought: 2 judged queries (test)")
    with pytest.raises(SettingsError, match="no longer here"):
        testsets.load(server, name, Taken())
    with pytest.raises(SettingsError, match="No file was chosen"):
        testsets.take(server, VISITOR, None)


def test_what_a_visitor_of_a_public_server_brought_goes_with_the_visitor(
    public: Server, folder: Path
) -> None:
    path = Path(shutil.make_archive(str(folder.parent / "brought"), "zip", folder))
    taken, name = testsets.take(public, VISITOR, str(path))
    own = testsets.load(public, name, taken)
    steps = evaluating.run(public, Measured(), VISITOR, own, "studio", FusionSettings())
    assert list(steps)[-1][0].evaluation is not None
    kept = public.visitors / VISITOR / "cache"
    assert any(kept.iterdir())
    assert not public.cache.exists()
    assert public.workspace(VISITOR).names() == []  # it is no kept collection of theirs
    public.forget(VISITOR)
    assert not kept.exists()


def test_a_public_server_limits_what_is_brought(
    public: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(shutil.make_archive(str(folder.parent / "brought"), "zip", folder))
    monkeypatch.setattr(testsets, "PUBLIC_BYTES", 100)
    with pytest.raises(ReadingError, match=r"unpacks to .* bytes; this server takes 100"):
        testsets.take(public, VISITOR, str(path))
    monkeypatch.undo()
    lines = [f'{{"_id": "d{n}", "text": "owl {n}"}}' for n in range(2_001)]
    (folder / "corpus.jsonl").write_text("\n".join(lines), "utf-8")
    (folder / "qrels" / "test.tsv").write_text("q1\td1\t1\nq2\td2\t1", "utf-8")
    path = Path(shutil.make_archive(str(folder.parent / "large"), "zip", folder))
    with pytest.raises(SettingsError, match="2,001 passages; this server takes 2,000"):
        testsets.take(public, VISITOR, str(path))
