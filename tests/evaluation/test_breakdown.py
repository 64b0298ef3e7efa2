"""Numbers by language, kind and length, as CSV and as text."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from eval import breakdown, collection, report
from eval.evaluation import Evaluation, evaluate, score
from eval.measures import MEASURES
from eval.protocols import RUN_MODES
from studio.records import FusionSettings
from tests.evaluation.conftest import QUERIES, Beir
from tests.fakes import FakeEncoder


def test_the_csv_has_the_report_s_groups_with_how_many_queries(
    evaluation: Evaluation, tmp_path: Path
) -> None:
    report.write(evaluation, tmp_path / "run")
    table = pd.read_csv(tmp_path / "run" / "groups.csv")
    assert list(table.columns) == ["group", "value", "queries", "mode", *MEASURES]
    groups = report.as_json(evaluation)["groups"]
    for _, row in table.iterrows():
        told = groups[row["group"]][row["value"]][row["mode"]]
        assert {name: row[name] for name in MEASURES} == pytest.approx(told, abs=1e-12)
    dense = table[table["mode"] == "dense"]
    assert dense[["group", "value", "queries"]].to_numpy().tolist() == [
        ["language", "en", 2],
        ["language", "de", 1],
        ["kind", "identifier", 2],
        ["kind", "paraphrase", 1],
    ]
    assert len(table) == 4 * len(RUN_MODES)


def test_a_mode_without_a_number_has_no_row_value_of_0(evaluation: Evaluation) -> None:
    late_alone = evaluate(evaluation.scored, FusionSettings((0, 0, 1)))
    table = breakdown.table(late_alone)
    assert table.loc[table["mode"] == "dense_sparse", list(MEASURES)].isna().all(axis=None)
    assert "nan" not in "".join(breakdown.as_text(late_alone))
    assert "–" in "".join(breakdown.as_text(late_alone))


def test_the_text_has_the_average_first_and_languages_in_miracl_s_order(
    evaluation: Evaluation,
) -> None:
    lines = breakdown.as_text(evaluation)
    assert [line.split("  ")[0] for line in lines] == [
        "", "nDCG@10 by language · queries", "average", "en · 2", "de · 1",
        "", "nDCG@10 by kind · queries", "identifier · 2", "paraphrase · 1",
    ]  # fmt: skip
    average, english, german = (lines[n].split()[-len(RUN_MODES) :] for n in (2, 3, 4))
    assert average == [f"{evaluation.modes[mode]['nDCG@10']:.4f}" for mode in RUN_MODES]
    assert float(average[0]) == pytest.approx((float(english[0]) + float(german[0])) / 2, abs=1e-4)
    assert all(line in report.as_text(evaluation).splitlines() for line in lines)
    assert len({len(line) for line in lines if line}) == 1


def test_lengths_stand_from_short_to_long_and_one_part_alone_is_not_shown(
    beir: Beir, tmp_path: Path
) -> None:
    texts = ("fox", "fox and fax", "owl owl owl owl owl")
    asked = [{"_id": one["_id"], "text": text} for one, text in zip(QUERIES, texts, strict=True)]
    loaded = collection.load(str(beir(queries=asked)))
    made = evaluate(score(loaded, FakeEncoder(), tmp_path / "cache"))
    named = [line.split("  ")[0] for line in breakdown.as_text(made)]
    assert named[:2] == ["", "nDCG@10 by length · queries"]
    assert [name.split(" ")[0] for name in named[2:]] == ["short", "medium", "long"]
    assert not any(name.startswith("nDCG@10 by kind") for name in named)
