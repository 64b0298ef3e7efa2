"""python -m eval verify: what was changed is found and named, and what was not is left in peace."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval import __main__ as command
from eval import collection, digests, report, saved, several, verify
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
        {"what": "report.json and run.json: modes / sparse / nDCG@10", "by": pytest.approx(0.01)},
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
        "runs/dense.trec: 1 queries rank otherwise from the scores",
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
    assert "the collection's corpus: another digest" in whats(told)


def test_a_missing_file_is_named(written: Callable[..., Path], check: Verify) -> None:
    folder = written()
    (folder / "report.json").unlink()
    status, told = check(folder)
    assert status == 1
    assert whats(told) == ["report.json is missing"]


@pytest.fixture
def both(beir: Beir, tmp_path: Path) -> Path:
    """The folder of a report of two languages."""
    loaded = collection.load(str(beir()))
    parts = []
    for language in ("de", "en"):
        kept = tuple(q for q in loaded.queries if q.language == language)
        named = collection.TestCollection(
            f"tiny/{language}", loaded.passages, kept,
            {q.id: loaded.qrels[q.id] for q in kept},
        )  # fmt: skip
        parts.append(evaluate(score(named, FakeEncoder(), tmp_path / "cache")))
    several.write(several.combine(parts), tmp_path / "both")
    return tmp_path / "both"


def test_languages_are_verified_one_by_one(both: Path, check: Verify) -> None:
    status, told = check(both)
    assert (status, told["differences"]) == (0, [])
    assert any(line.startswith("de: ") for line in told["checked"])
    assert any(line.startswith("report.json: ") for line in told["checked"])
    edit(both / "en" / "qrels.trec", "q2 0 fox 1", "q2 0 fox 2")
    status, told = check(both)
    assert status == 1
    assert whats(told)[0] == "en: qrels.trec was changed since it was written"


def test_the_report_over_languages_is_computed_again(both: Path, check: Verify) -> None:
    made = json.loads((both / "report.json").read_text("utf-8"))
    made["modes"]["fused"]["nDCG@10"] += 0.125
    (both / "report.json").write_text(json.dumps(made), "utf-8")
    status, told = check(both)
    assert status == 1
    assert told["differences"] == [
        {"what": "report.json: modes / fused / nDCG@10", "by": pytest.approx(0.125)}
    ]


def test_a_language_that_is_gone_or_added_is_named(both: Path, check: Verify) -> None:
    (both / "de").rename(both / "xx")
    status, told = check(both)
    assert status == 1
    assert whats(told) == [
        f"{both / 'de'} holds no run, and report.json has the language de",
        f"{both / 'xx'} holds a run, and report.json has no language xx",
    ]


def renew(folder: Path) -> None:
    """The digests of the files as they are now, as someone would who hides a change."""
    about = json.loads((folder / "run.json").read_text("utf-8"))
    about["files"] = digests.files(folder, about["files"])
    (folder / "run.json").write_text(json.dumps(about), "utf-8")


@pytest.mark.parametrize(
    ("keys", "value", "by"),
    [
        (("modes", "fused", "MAP"), 0.5, None),
        (("groups", "language", "en", "dense", "nDCG@10"), 0.25, None),
        (("groups", "kind", "identifier", "bm25", "MRR@10"), 0.125, None),
        (("missing", "sparse"), 7, 6.0),
        (("queries",), 5, 2.0),
        (("gaps", "condensed", "fused"), 0.5, None),
        (("gaps", "cut", "queries"), 2, 2.0),
    ],
    ids=lambda one: " / ".join(one) if isinstance(one, tuple) else "",
)
@pytest.mark.parametrize("protocol", ["studio", "mteb"])
def test_every_number_of_the_report_is_computed_again(
    written: Callable[..., Path],
    check: Verify,
    keys: tuple[str, ...],
    value: float,
    by: float | None,
    protocol: str,
) -> None:
    folder = written(protocol)
    for name in ("report.json", "run.json"):  # both, and digests: only the scores tell
        made = json.loads((folder / name).read_text("utf-8"))
        place = made
        for key in keys[:-1]:
            place = place[key]
        by = abs(place[keys[-1]] - value) if by is None else by
        place[keys[-1]] = value
        (folder / name).write_text(json.dumps(made), "utf-8")
    renew(folder)
    status, told = check(folder)
    assert status == 1
    [one] = told["differences"]
    assert one["by"] == pytest.approx(by)
    named = "fused: means" if keys[0] == "modes" else ": ".join([keys[0], " / ".join(keys[1:])])
    assert one["what"] == named.removesuffix(": ")


def test_report_json_alone_is_held_against_run_json(
    written: Callable[..., Path], check: Verify
) -> None:
    folder = written()
    edit(folder / "report.json", '"protocol": "studio"', '"protocol": "mteb"')
    renew(folder)
    status, told = check(folder)
    assert (status, whats(told)) == (1, ["report.json and run.json: protocol otherwise"])


def test_what_cut_texts_did_is_computed_again(beir: Beir, tmp_path: Path, check: Verify) -> None:
    corpus = [{"_id": "long", "text": "owl by night and day"}, {"_id": "short", "text": "fox"}]
    splits = {"test": [("q1", "short", 1), ("q3", "long", 1)]}
    loaded = collection.load(str(beir(corpus=corpus, splits=splits)))
    scored = score(loaded, FakeEncoder(max_tokens=3), tmp_path / "cache")
    report.write(evaluate(scored), tmp_path / "run")
    assert check(tmp_path / "run")[1]["differences"] == []
    for name in ("report.json", "run.json"):
        edit(tmp_path / "run" / name, '"cut": 1.0', '"cut": 0.75')
    renew(tmp_path / "run")
    status, told = check(tmp_path / "run")
    assert status == 1
    assert told["differences"] == [{"what": "gaps: cut / modes / dense / cut", "by": 0.25}]


def test_a_changed_weight_is_found(written: Callable[..., Path], check: Verify) -> None:
    folder = written()
    for name in ("report.json", "run.json"):
        made = json.loads((folder / name).read_text("utf-8"))
        made["settings"]["weights"] = [1, 0.5, 1]
        (folder / name).write_text(json.dumps(made), "utf-8")
    renew(folder)
    status, told = check(folder)
    assert status == 1
    assert {"runs/dense_sparse.trec: scores", "runs/fused.trec: scores"} <= set(whats(told))
    assert not any(what.startswith("runs/dense.trec") for what in whats(told))


def test_a_protocol_s_weights_cannot_be_others(written: Callable[..., Path], check: Verify) -> None:
    folder = written("paper-mldr")
    edit(folder / "run.json", '"weights": [\n', '"weights": [\n   2.5,\n')
    status, told = check(folder, "--encode")
    assert status == 1
    assert any("has no valid settings" in what for what in whats(told))


def test_a_changed_score_of_a_trec_line_is_found_by_its_size(
    written: Callable[..., Path], check: Verify
) -> None:
    folder = written()
    path = folder / "runs" / "dense.trec"
    first, rest = path.read_text("utf-8").split("\n", 1)
    fields = first.split()
    fields[4] = repr(float(fields[4]) + 0.5)  # still the first
    path.write_text("\n".join([" ".join(fields), rest]), "utf-8")
    renew(folder)
    status, told = check(folder)
    assert status == 1
    assert told["differences"] == [
        {"what": "runs/dense.trec: scores", "by": pytest.approx(0.5, abs=1e-6)}
    ]


def test_lines_more_or_less_are_found(written: Callable[..., Path], check: Verify) -> None:
    folder = written()
    with (folder / "runs" / "sparse.trec").open("a") as lines:
        lines.write("q9 Q0 fox 1 1.0 fake-sparse\n")
    with (folder / "per_query.csv").open("a") as lines:
        lines.write("fused,q9,1,1,1,1,1\n")
    renew(folder)
    status, told = check(folder)
    assert status == 1
    assert whats(told) == [
        "runs/sparse.trec: 1 queries rank otherwise from the scores",
        "per_query.csv has too many of the rows of 1 modes and queries",
    ]


@pytest.mark.parametrize("protocol", ["paper-miracl", "paper-mldr"])
def test_a_changed_score_of_a_list_is_found(
    written: Callable[..., Path], check: Verify, protocol: str
) -> None:
    folder = written(protocol)
    with np.load(folder / "lists.npz") as arrays:
        kept = {name: arrays[name] for name in arrays.files}
    kept["dense-scores"][0] += 0.25
    kept["sparse-scores"][0] *= 2  # whole numbers under these protocols
    np.savez_compressed(folder / "lists.npz", **kept)
    renew(folder)
    status, told = check(folder, "--encode")
    assert status == 1
    found = {one["what"]: one["by"] for one in told["differences"]}
    assert found["dense: list from scratch"] == pytest.approx(0.25, abs=1e-6)
    assert found["runs/dense.trec: scores"] == pytest.approx(0.25 / 1.25, abs=1e-6)
    assert found["sparse: list from scratch"] == pytest.approx(1)


def test_bm25_is_computed_from_scratch_too(written: Callable[..., Path], check: Verify) -> None:
    folder = written()
    (folder / "runs" / "bm25.trec").write_text("q1 Q0 eule 1 9.0 fake-bm25\n", "utf-8")
    status, told = check(folder, "--encode")
    assert status == 1
    assert "runs/bm25.trec: 2 queries rank otherwise from the scores" in whats(told)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("qrels.trec", b"q1 0 fox\n", "line 1: 3 columns and not 4"),
        ("runs/fused.trec", b"\xff\n", "is not UTF-8"),
        (
            "runs/bm25.trec",
            b"q1 Q0 nix 1 1.0 t\n",
            "names 1 passages that the corpus does not hold",
        ),
        ("candidates.npz", b"PK", "no readable candidates.npz"),
        ("per_query.csv", b"mode,query\nfused,q1\n", "per_query.csv cannot be read"),
        ("report.json", b"[1]", "report.json holds no object"),
    ],
    ids=lambda one: one if isinstance(one, str) and "." in one[-6:] else "",
)
def test_a_damaged_file_is_a_difference_and_no_traceback(
    written: Callable[..., Path], check: Verify, name: str, content: bytes, said: str
) -> None:
    folder = written()
    (folder / name).write_bytes(content)
    status, told = check(folder)
    assert status == 1
    assert f"{name} was changed since it was written" in whats(told)
    assert any(said in what for what in whats(told))


@pytest.mark.parametrize(
    "name", ["candidates.npz", "qrels.trec", "per_query.csv", "runs/bm25.trec", "ndcg.svg"]
)
def test_any_missing_file_is_named(written: Callable[..., Path], check: Verify, name: str) -> None:
    folder = written()
    (folder / name).unlink()
    status, told = check(folder)
    assert status == 1
    assert whats(told)[0] == f"{name} is missing"


@pytest.mark.parametrize("name", ["ids", "languages", "digests", "parts", "cut", "files"])
def test_run_json_that_says_too_little_is_no_run(
    written: Callable[..., Path], check: Verify, name: str
) -> None:
    folder = written()
    about = json.loads((folder / "run.json").read_text("utf-8"))
    del about[name]
    (folder / "run.json").write_text(json.dumps(about), "utf-8")
    assert check(folder, "--encode") == (2, {})


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
