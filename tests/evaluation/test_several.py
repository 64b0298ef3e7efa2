"""Languages with a corpus each, as one result."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eval import grouping, several
from eval.evaluation import Evaluation, evaluate, score
from studio.errors import ReadingError, SettingsError
from studio.records import FusionSettings
from tests.fakes import FakeEncoder

from .conftest import Beir


def named(evaluation: Evaluation, name: str, queries: int, home: Path) -> Evaluation:
    """The tiny collection's first queries as a language of their own."""
    tiny = evaluation.scored.collection
    kept = tuple(replace(q, language="") for q in tiny.queries[:queries])
    qrels = {q.id: tiny.qrels[q.id] for q in kept}
    loaded = replace(tiny, name=name, queries=kept, qrels=qrels)
    return evaluate(score(loaded, FakeEncoder(), home), FusionSettings())


@pytest.fixture
def combined(evaluation: Evaluation, tmp_path: Path) -> several.Combined:
    parts = [("set/xx", 1), ("set/yo", 2), ("set/en", 3), ("set/de", 2)]
    return several.combine([named(evaluation, n, q, tmp_path) for n, q in parts])


def test_languages_stand_in_miracl_s_order_and_then_by_name(combined: several.Combined) -> None:
    assert combined.name == "set"
    assert list(combined.by_language) == ["en", "de", "yo", "xx"]
    assert grouping.in_order(["zz", "ar", "aa", "de"]) == ["ar", "de", "aa", "zz"]
    assert list(combined.table().columns) == ["mode", "average", "en", "de", "yo", "xx"]


def test_the_headline_is_the_mean_of_the_languages_means(combined: several.Combined) -> None:
    for mode, numbers in combined.modes.items():
        for measure, value in numbers.items():
            parts = [by[mode][measure] for by in combined.by_language.values()]
            assert value == pytest.approx(np.mean(parts), abs=1e-12)
    counts = [len(e.scored.collection.queries) for e in combined.evaluations.values()]
    means = [by["dense"]["MRR@10"] for by in combined.by_language.values()]
    assert combined.modes["dense"]["MRR@10"] != pytest.approx(np.average(means, weights=counts))


def test_the_report_has_the_shape_of_one_collection_s(combined: several.Combined) -> None:
    made = several.as_json(combined)
    assert made["collection"] == "set"
    assert made["queries"] == 1 + 2 + 3 + 2
    assert made["passages"] == 4 * 5
    assert made["modes"] == combined.modes
    assert made["groups"]["language"]["yo"] == combined.by_language["yo"]
    assert made["missing"]["sparse"] == 0 + 1 + 1 + 1  # 'xof' finds nothing
    assert set(made["seconds"]) == {"encode_passages", "encode_queries", "score"}


def test_the_text_has_a_column_per_language(combined: several.Combined) -> None:
    lines = several.as_text(combined).splitlines()
    assert lines[0] == "set · 4 languages, a corpus each · 8 queries"
    assert lines[4].split() == ["nDCG@10", "average", "en", "de", "yo", "xx"]
    assert len(lines) == 5 + 5


def test_a_folder_of_folders_is_several_languages_and_each_is_written_whole(
    beir: Beir, tmp_path: Path
) -> None:
    folder = beir(queries=[{"_id": "q1", "text": "fox"}], splits={"test": [("q1", "fox", 1)]})
    for language in ("xx", "en"):
        shutil.copytree(folder, tmp_path / "set" / language)
    loaded = several.load(str(tmp_path / "set"))
    assert [one.name for one in loaded] == ["set/en", "set/xx"]
    made = [evaluate(score(one, FakeEncoder(), tmp_path / "cache")) for one in loaded]
    combined = several.combine(made)
    several.write(combined, tmp_path / "out")
    written = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert written == several.as_json(combined)
    assert (tmp_path / "out" / "xx" / "runs" / "fused.trec").is_file()


def test_one_folder_is_one_collection(beir: Beir) -> None:
    assert [one.name for one in several.load(str(beir()))] == ["tiny/beir"]
    assert [one.name for one in several.load("atlas")] == ["atlas"]
    with pytest.raises(ReadingError, match="There is no collection"):
        several.load("x" * 300)


def test_what_one_language_lacks_is_missing_in_the_mean() -> None:
    numbers = several.average({"en": {"dense": {"a": 1.0, "b": 1.0}}, "de": {"dense": {"a": 0.0}}})
    assert numbers == {"dense": {"a": 0.5}}
    assert several.average({"en": {"dense": {}, "bm25": {}}, "de": {"dense": {}}}) == {"dense": {}}


def test_only_evaluations_of_one_making_are_put_together(
    evaluation: Evaluation, tmp_path: Path
) -> None:
    one, other = (named(evaluation, f"set/{n}", 2, tmp_path) for n in ("en", "de"))
    with pytest.raises(SettingsError, match="set/de and set/en were not evaluated alike"):
        several.combine([one, evaluate(other.scored, FusionSettings((1, 1, 1)))])
    with pytest.raises(SettingsError, match="in the language 'en'"):
        several.combine([one, one])
    with pytest.raises(SettingsError, match="nothing to put together"):
        several.combine([])
