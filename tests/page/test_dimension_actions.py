"""What a shorter vector costs, drawn for the evaluation at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval import collection
from eval import dimensions as science
from eval.dimensions import CONCERNED, Curve, by_dimension
from eval.evaluation import Evaluation
from studio import search
from studio.encoders.lazy import LazyEncoder
from studio.errors import Cancelled, SettingsError
from studio.records import FusionSettings, Progress
from studio.ui import figures, tables
from studio.ui.actions import dimensions, evaluating
from studio.ui.session import Measured, Server
from tests.fakes import NoEncoder
from tests.page.conftest import VISITOR

TITLES = ["Dense", "ColBERT", "All three"]
KEPT = [27, 13, 7]


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Letter counts have 27 directions, fewer than the least dimension that is drawn."""
    monkeypatch.setattr(science, "DIMENSIONS", (64, 13, 7))


@pytest.fixture
def measured(server: Server, folder: Path) -> Measured:
    loaded = collection.load(str(folder))
    steps = evaluating.run(server, Measured(), VISITOR, loaded, "studio", FusionSettings())
    return list(steps)[-1][0]


@pytest.fixture
def curve(measured: Measured) -> Curve:
    assert measured.evaluation is not None
    return by_dimension(measured.evaluation)


def test_it_is_drawn_without_the_model_and_says_what_was_measured(
    server: Server, measured: Measured
) -> None:
    quiet = Server(LazyEncoder.ready(NoEncoder()), server.home)
    *before, (curve, status) = dimensions.draw(quiet, measured, VISITOR)
    assert {made for made, _ in before} == {None}
    assert {busy["kind"] for _, busy in before} == {"busy"}
    assert curve is not None
    assert [point.dimension for point in curve.points] == KEPT
    assert status["kind"] == "done"
    assert status["text"].startswith(
        "tiny/beir: 2 queries against 3 passages · encoder fake · letter counts (1, exact) · "
        "protocol studio · weights 1 / 0.3 / 1 · raw scores · "
    )
    assert "pools" not in status["text"]


def test_of_a_large_corpus_it_says_whose_pools_they_are(
    curve: Curve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "WHOLE", 2)
    assert "pools chosen by the uncut vectors" in dimensions.drawn(curve)


def test_before_an_evaluation_it_says_what_to_do(server: Server) -> None:
    with pytest.raises(SettingsError, match="Run an evaluation first"):
        list(dimensions.draw(server, Measured(), VISITOR))
    assert dimensions.waiting(Measured())["text"] == "Run an evaluation, then press Draw."


def test_after_an_evaluation_it_says_what_draw_would_draw(measured: Measured) -> None:
    text = "Press Draw: tiny/beir at weights 1 / 0.3 / 1 · raw scores."
    assert dimensions.waiting(measured) == {"kind": "idle", "share": None, "text": text}


def test_it_can_be_cancelled(
    server: Server, measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(evaluation: Evaluation, progress: Progress) -> None:
        while True:
            progress(6, 6, "first 7 numbers")

    monkeypatch.setattr(dimensions, "by_dimension", endless)
    steps = dimensions.draw(server, measured, VISITOR)
    assert next(steps)[1]["kind"] == "busy"
    assert "First 7 numbers: 6 of 6 done" in next(steps)[1]["text"]
    assert server.jobs.cancel(VISITOR)
    with pytest.raises(Cancelled):
        list(steps)


def test_the_table_has_a_row_for_each_dimension(curve: Curve) -> None:
    frame = tables.dimensions(curve.points)
    assert list(frame.columns) == ["dimension", *TITLES, "bytes a passage"]
    assert frame["dimension"].tolist() == KEPT
    assert frame["ColBERT"].tolist() == [f"{p.ndcg['multi_vector']:.4f}" for p in curve.points]
    tokens = (2 + 2 + 3) / 3  # fox, fax, owl owl, each with </s>
    assert frame["bytes a passage"].tolist() == [f"{d * 4 + d * tokens * 2:,.0f}" for d in KEPT]
    assert list(tables.dimensions().columns) == list(frame.columns)
    assert tables.dimensions().empty


def test_the_figure_has_a_line_for_each_mode_in_its_colour_and_symbol(curve: Curve) -> None:
    figure = figures.by_dimension(curve)
    assert [line.name for line in figure.data] == TITLES
    for mode, line in zip(CONCERNED, figure.data, strict=True):
        assert list(line.x) == KEPT[::-1]
        assert list(line.y) == [point.ndcg[mode] for point in curve.points][::-1]
        assert list(line.customdata) == [point.bytes for point in curve.points][::-1]
        assert line.marker.color == line.line.color == figures.COLOURS[mode]
        assert line.marker.symbol == figures.SYMBOLS[mode]
        assert "%{y:.4f}" in line.hovertemplate
        assert "bytes a passage" in line.hovertemplate
    assert figure.layout.xaxis.type == "log"
    assert list(figure.layout.xaxis.tickvals) == KEPT[::-1]


def test_the_axis_is_zoomed_and_says_so(curve: Curve) -> None:
    def drawn(*values: float):
        points = [science.Point(9, dict.fromkeys(CONCERNED, value), 1.0) for value in values]
        return figures.by_dimension(Curve(curve.evaluation, tuple(points), 0.0)).layout.yaxis

    axis = drawn(0.6468, 0.3453)
    assert axis.title.text == "nDCG@10 (0.3 to 0.7, not from 0)"
    assert axis.range == (0.3, 0.7)
    assert drawn(0.9888, 0.96).range == (0.9, 1.0)
    assert drawn(1.0, 1.0).range == (0.95, 1.0)
    assert drawn(0.4, 0.01).title.text == "nDCG@10"
    assert drawn(0.4, 0.01).range == (0.0, 0.45)
