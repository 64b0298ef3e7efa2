"""python -m eval verify: what was changed is found and named, and what was not is left in peace."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval import __main__ as command
from eval import collection, report, saved, several, verify
from eval.commands import verify as verb
from eval.evaluation import evaluate, score
from studio.records import FusionSettings
from tests.evaluation.conftest import Beir
from tests.fakes import FakeEncoder

Verify = Callable[..., tuple[int, dict[str, Any]]]
PROTOCOLS = ("studio", "mteb", "paper-miracl", "paper-mldr")


@pytest.fixture
def written(beir: Beir, tmp_path: Path) -> Callable[..., Path]:
    """written(protocol, settings, folder): a run folder."""

    def made(
        protocol: str = "studio", settings: FusionSettings | None = None, folder: str = "run"
    ) -> Path:
        place = tmp_path / "tiny" / "beir"
        loaded = collection.load(str(place if place.exists() else beir()))
        scored = score(loaded, FakeEncoder(), tmp_path / "cache", protocol=protocol, bm25=True)
        report.write(evaluate(scored, settings), tmp_path / folder)
        return tmp_path / folder

    return made


@pytest.fixture
def check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Verify:
    """check(folder, flags…) → status, and the object that was printed."""
    monkeypatch.setattr(verb, "deferred", lambda *_: FakeEncoder())

    def called(*arguments: str | Path) -> tuple[int, dict[str, Any]]:
        line = ["eval", "verify", *map(str, arguments), "--home", str(tmp_path / "home"), "--json"]
        monkeypatch.setattr("sys.argv", line)
        status = command.main()
        out = capsys.readouterr().out
        return status, json.loads(out) if out else {}

    return called


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_untouched_report_agrees_under_every_protocol(
    written: Callable[..., Path], check: Verify, protocol: str
) -> None:
    status, told = check(written(protocol), "--encode")
    assert told["differences"] == []
    assert (status, told["agrees"]) == (0, True)
    assert "fused: the same ranking for 3 queries" in told["checked"]
    assert "the collection's qrels: the same digest" in told["checked"]
    assert any(line.startswith("dense: scores from scratch") for line in told["checked"])


@pytest.mark.parametrize(
    "settings",
    [
        FusionSettings((0.2, 0.1, 0.7), "min-max"),
        FusionSettings((1, 1, 1), "none", "rrf", 10),
        FusionSettings((0, 0, 1)),
    ],
)
def test_every_setting_is_computed_again(
    written: Callable[..., Path], check: Verify, settings: FusionSettings
) -> None:
    status, told = check(written(settings=settings))
    assert (status, told["differences"]) == (0, [])


def edit(path: Path, before: str, after: str) -> None:
    content = path.read_text("utf-8")
    assert before in content
    path.write_text(content.replace(before, after, 1), "utf-8")


def whats(told: dict[str, Any]) -> list[str]:
    return [one["what"] for one in told["differences"]]


def test_a_changed_number_is_found_in_file_and_means(
    written: Callable[..., Path], check: Verify
) -> None:
    folder = written()
    about = json.loads((folder / "run.json").read_text("utf-8"))
    about["modes"]["sparse"]["nDCG@10"] += 0.01
    (folder / "run.json").write_text(json.dumps(about), "utf-8")
    status, told = check(folder)
    assert status == 1
    assert told["differences"] == [
        {"what": "sparse: means", "by": pytest.approx(0.01)},
    ]


def test_a_changed_judgement_is_found(written: Callable[..., Path], check: Verify) -> None:
    folder = written()
    edit(folder / "qrels.trec", "q2 0 fox 1", "q2 0 fax 1")
    status, told = check(folder)
    assert status == 1
    assert "qrels.trec was changed since it was written" in whats(told)
    assert "per_query.csv" in whats(told)


def test_a_run_that_ranks_otherwise_is_found(written: Callable[..., Path], check: Verify) -> None:
    folder = written()
    lines = (folder / "runs" / "dense.trec").read_text("utf-8").splitlines()
    first, second = lines[0].split(), lines[1].split()
    first[2], second[2] = second[2], first[2]
    lines[:2] = [" ".join(first), " ".join(second)]
    (folder / "runs" / "dense.trec").write_text("\n".join(lines) + "\n", "utf-8")
    status, told = check(folder)
    assert status == 1
    assert whats(told) == [
        "runs/dense.trec was changed since it was written",
        "runs/dense.trec: 1 queries rank otherwise from the stored scores",
    ]


def test_a_changed_score_is_found_with_its_size_against_scratch(
    written: Callable[..., Path], check: Verify
) -> None:
    folder = written()
    with np.load(folder / "candidates.npz") as arrays:
        kept = {name: arrays[name] for name in arrays.files}
    kept["scores"][0, 2] += 0.25
    np.savez_compressed(folder / "candidates.npz", **kept)
    status, told = check(folder, "--encode")
    assert status == 1
    found = {one["what"]: one["by"] for one in told["differences"]}
    assert found["multi_vector: scores from scratch"] == pytest.approx(0.25, abs=1e-6)
    assert "candidates.npz was changed since it was written" in found


def test_a_collection_that_was_changed_since_is_found(
    written: Callable[..., Path], check: Verify, tmp_path: Path
) -> None:
    folder = written()
    edit(tmp_path / "tiny" / "beir" / "corpus.jsonl", '"text": "dog"', '"text": "dogs"')
    status, told = check(folder, "--encode")
    assert status == 1
    assert "the collection's corpus are others" in whats(told)


def test_a_missing_file_is_named(written: Callable[..., Path], check: Verify) -> None:
    folder = written()
    (folder / "report.json").unlink()
    status, told = check(folder)
    assert status == 1
    assert whats(told) == ["report.json is missing"]


def test_languages_are_verified_one_by_one(beir: Beir, tmp_path: Path, check: Verify) -> None:
    folder = beir()
    parts = []
    for language in ("de", "en"):
        loaded = collection.load(str(folder))
        kept = tuple(q for q in loaded.queries if q.language == language)
        named = collection.TestCollection(
            f"tiny/{language}", loaded.passages, kept,
            {q.id: loaded.qrels[q.id] for q in kept},
        )  # fmt: skip
        parts.append(evaluate(score(named, FakeEncoder(), tmp_path / "cache")))
    several.write(several.combine(parts), tmp_path / "both")
    status, told = check(tmp_path / "both")
    assert (status, told["differences"]) == (0, [])
    assert any(line.startswith("de: ") for line in told["checked"])
    edit(tmp_path / "both" / "en" / "qrels.trec", "q2 0 fox 1", "q2 0 fox 2")
    status, told = check(tmp_path / "both")
    assert status == 1
    assert whats(told)[0] == "en: qrels.trec was changed since it was written"


def test_what_is_no_run_folder_is_said(
    check: Verify, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(tmp_path) == (2, {})


def test_another_encoder_is_refused(
    written: Callable[..., Path], check: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written()
    other = FakeEncoder()
    other.revision = "2"
    monkeypatch.setattr(verb, "deferred", lambda *_: other)
    assert check(folder, "--encode") == (2, {})


def test_a_terminal_is_told_in_lines(written: Callable[..., Path]) -> None:
    told = verify.verify(saved.load(written()))
    assert told.as_text().splitlines()[-1] == "Everything agrees."
    told.compare("dense: means", 0.5, 1e-9)
    assert "DIFFERS  dense: means: by 0.5" in told.as_text()
    told.compare("dense: means", float("nan"), 1e-9)
    assert told.as_text().endswith("2 of these differ from the report.")


def test_bm25_is_computed_from_scratch_and_not_taken_from_the_report(
    written: Callable[..., Path], check: Verify
) -> None:
    folder = written()
    about = json.loads((folder / "run.json").read_text("utf-8"))
    about["modes"]["bm25"]["nDCG@10"] -= 0.25
    (folder / "run.json").write_text(json.dumps(about), "utf-8")
    status, told = check(folder, "--encode")
    assert status == 1
    assert "bm25: means from scratch" in whats(told)
