"""Known faults, each as the test that should pass. Mended: take its mark off and move it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from eval import __main__ as command
from eval import collection, published, report
from eval.evaluation import Evaluation, evaluate, score
from studio.errors import ReadingError, StudioError
from studio.records import Encodings, FusionSettings, Progress, silent
from tests.fakes import FakeEncoder

from .conftest import CORPUS, QRELS, QUERIES, Beir, tsv


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv"])
def test_a_file_that_is_not_utf_8_is_refused_with_its_name(beir: Beir, name: str) -> None:
    path = beir() / name
    path.write_bytes(path.read_bytes() + b"\xe9\n")  # é in Latin-1
    with pytest.raises(ReadingError, match=Path(name).name):
        collection.load(str(path.parents[1 if "/" in name else 0]))


def test_half_a_surrogate_pair_is_told_by_its_line(beir: Beir, tmp_path: Path) -> None:
    folder = beir(corpus=[*CORPUS, '{"_id": "x", "text": "\\ud83d"}'])
    with pytest.raises(ReadingError, match="line 6"):
        score(collection.load(str(folder)), FakeEncoder(), tmp_path)


@pytest.mark.parametrize("name", ["~nobody-of-this-name/x", "x" * 300])
def test_any_name_that_is_no_folder_is_answered_with_the_known_ones(name: str) -> None:
    with pytest.raises(ReadingError, match="There is no collection"):
        collection.load(name)


def test_qrels_without_a_header_are_refused_or_keep_their_first_judgement(beir: Beir) -> None:
    folder = beir()
    (folder / "qrels" / "test.tsv").write_text(tsv(QRELS).split("\n", 1)[1], "utf-8")
    try:
        loaded = collection.load(str(folder))
    except ReadingError:
        return
    assert loaded.qrels["q1"]["fax"] == 2


def test_a_passage_judged_twice_for_a_query_is_refused_or_noted(beir: Beir) -> None:
    folder = beir(corpus=CORPUS[:4], splits={"test": [*QRELS, ("q1", "fax", 0)]})
    try:
        assert collection.load(str(folder)).notes
    except ReadingError:
        return


def test_ids_with_blanks_do_not_break_the_six_columns(beir: Beir, tmp_path: Path) -> None:
    corpus = [{"_id": "red fox", "text": "fox"}, {"_id": "fax", "text": "fax"}]
    folder = beir(corpus=corpus, queries=QUERIES[:1], splits={"test": [("q1", "red fox", 1)]})
    scored = score(collection.load(str(folder)), FakeEncoder(), tmp_path / "cache")
    text = report.run_trec(evaluate(scored, FusionSettings()), "dense")
    assert {len(line.split()) for line in text.splitlines()} == {6}


def test_an_output_that_is_a_file_is_refused(evaluation: Evaluation, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("kept", "utf-8")
    with pytest.raises(StudioError):
        report.write(evaluation, tmp_path / "out")


def test_two_processes_may_encode_the_same_collection_at_once(beir: Beir, tmp_path: Path) -> None:
    loaded = collection.load(str(beir()))

    class Slower(FakeEncoder):
        def encode_passages(self, texts: Sequence[str], progress: Progress = silent) -> Encodings:
            if len(texts) == len(loaded.passages):  # the other process ends first
                score(loaded, FakeEncoder(), tmp_path / "cache")
            return super().encode_passages(texts, progress)

    score(loaded, Slower(), tmp_path / "cache")


def test_list_takes_home_as_every_command_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["eval", "list", "--home", str(tmp_path), "--json"])
    assert command.main() == 0


def test_a_folder_called_miracl_is_not_taken_for_the_paper_s_collection(
    beir: Beir, tmp_path: Path
) -> None:
    (tmp_path / "miracl").mkdir()
    moved = beir().rename(tmp_path / "miracl" / "x")
    scored = score(collection.load(str(moved)), FakeEncoder(), tmp_path / "cache")
    reasons = published.differences(evaluate(scored, FusionSettings()))
    assert any(reason.startswith("another collection") for reason in reasons)
