"""A report as one zip: the same bytes for the same evaluation, and a report once unpacked."""

from __future__ import annotations

import os
from pathlib import Path
from zipfile import ZipFile

import pytest

from eval import bundle, collection, report, saved, several, verify
from eval.commands import verify as verb
from eval.evaluation import Evaluation, evaluate, score
from studio.errors import SettingsError
from tests.fakes import FakeEncoder


@pytest.fixture
def both(evaluation: Evaluation, tmp_path: Path) -> several.Combined:
    loaded = evaluation.scored.collection
    parts = []
    for language in ("en", "de"):
        kept = tuple(query for query in loaded.queries if query.language == language)
        qrels = {query.id: loaded.qrels[query.id] for query in kept}
        part = collection.TestCollection(f"tiny/{language}", loaded.passages, kept, qrels)
        parts.append(evaluate(score(part, FakeEncoder(), tmp_path / "cache")))
    return several.combine(parts)


def test_the_zip_holds_what_a_run_writes_byte_for_byte(
    evaluation: Evaluation, tmp_path: Path
) -> None:
    report.write(evaluation, tmp_path / "run")
    path = bundle.write_zip(evaluation, tmp_path / "new" / "tiny.zip")
    assert path == tmp_path / "new" / "tiny.zip"
    files = [p for p in (tmp_path / "run").rglob("*") if p.is_file()]
    with ZipFile(path) as archive:
        assert archive.testzip() is None
        held = {name: archive.read(name) for name in archive.namelist()}
    assert held == {
        f"tiny/{p.relative_to(tmp_path / 'run').as_posix()}": p.read_bytes() for p in files
    }


def test_the_same_evaluation_gives_the_same_bytes_at_any_time(
    evaluation: Evaluation, tmp_path: Path
) -> None:
    first = bundle.write_zip(evaluation, tmp_path / "a" / "tiny.zip").read_bytes()
    report.write(evaluation, tmp_path / "files")
    for written in sorted(tmp_path.joinpath("files").rglob("*"), reverse=True):
        os.utime(written, (1_000_000_000, 1_000_000_000))
        written.chmod(0o700)
    bundle.pack(tmp_path / "files", tmp_path / "later.zip", "tiny")
    assert tmp_path.joinpath("later.zip").read_bytes() == first


def test_names_are_sorted_and_tell_no_time_or_owner(evaluation: Evaluation, tmp_path: Path) -> None:
    with ZipFile(bundle.write_zip(evaluation, tmp_path / "tiny.zip")) as archive:
        entries = archive.infolist()
    assert [e.filename for e in entries] == sorted(e.filename for e in entries)
    assert {(e.date_time, e.create_system, oct(e.external_attr >> 16)) for e in entries} == {
        ((1980, 1, 1, 0, 0, 0), 3, "0o100644")
    }


def test_what_is_unpacked_verifies(
    evaluation: Evaluation, both: several.Combined, tmp_path: Path
) -> None:
    for name, made in (("one", evaluation), ("two", both)):
        with ZipFile(bundle.write_zip(made, tmp_path / f"{name}.zip")) as archive:
            archive.extractall(tmp_path)
        for folder in verb.runs(tmp_path / name):
            assert verify.verify(saved.load(folder)).differences == []
    assert [folder.name for folder in verb.runs(tmp_path / "two")] == ["de", "en"]
    assert saved.load(tmp_path / "one").about["collection"] == "tiny/beir"


def test_a_zip_that_fails_leaves_the_old_one_and_no_rest(
    evaluation: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bundle.write_zip(evaluation, tmp_path / "out" / "tiny.zip")
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bundle, "pack", full)
    with pytest.raises(SettingsError, match=r"tiny\.zip cannot be written: No space left"):
        bundle.write_zip(evaluation, path)
    assert [p.name for p in path.parent.iterdir()] == ["tiny.zip"]
    assert path.read_bytes() == before


def test_a_folder_in_the_zip_s_place_is_said(evaluation: Evaluation, tmp_path: Path) -> None:
    (tmp_path / "tiny.zip" / "full").mkdir(parents=True)
    with pytest.raises(SettingsError, match=r"tiny\.zip cannot be written"):
        bundle.write_zip(evaluation, tmp_path / "tiny.zip")
