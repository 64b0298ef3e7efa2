"""python -m eval compare, on folders that `eval run --output` wrote, whole and broken."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytrec_eval
from scipy import stats

from eval import __main__ as command
from eval import report, saved
from eval.commands.compare import labels
from eval.evaluation import Evaluation, evaluate
from studio.errors import ReadingError
from studio.records import FusionSettings

Compare = Callable[..., tuple[int, str, str]]
KEYS = [
    "a", "b", "difference", "interval", "p_t", "p_randomisation", "p_holm", "wins", "ties",
    "losses", "effect_size", "queries",
]  # fmt: skip


@pytest.fixture
def compare(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Compare:
    """compare(folders and flags…) → status, what was printed, what was complained of."""

    def called(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["eval", "compare", *map(str, arguments)])
        status = command.main()
        return status, *capsys.readouterr()

    return called


@pytest.fixture
def answer(compare: Compare) -> Callable[..., dict[str, Any]]:
    """The same with --json, read."""

    def called(*arguments: str | Path) -> dict[str, Any]:
        status, out, complaint = compare(*arguments, "--json")
        assert (status, complaint, out.count("\n")) == (0, "", 1)
        return json.loads(out)

    return called


@pytest.fixture
def first(evaluation: Evaluation, tmp_path: Path) -> Path:
    report.write(evaluation, tmp_path / "first")
    return tmp_path / "first"


@pytest.fixture
def second(evaluation: Evaluation, tmp_path: Path) -> Path:
    """The same scores and a worse mix: its fused mode returns what sparse alone does."""
    report.write(evaluate(evaluation.scored, FusionSettings((0, 1, 0))), tmp_path / "second")
    shutil.copy(tmp_path / "second/runs/sparse.trec", tmp_path / "second/runs/fused.trec")
    return tmp_path / "second"


def official(folder: Path, mode: str, name: str = "ndcg_cut.10") -> dict[str, float]:
    with (folder / "qrels.trec").open() as lines:
        qrels = pytrec_eval.parse_qrel(lines)
    with (folder / "runs" / f"{mode}.trec").open() as lines:
        run = pytrec_eval.parse_run(lines)
    found = pytrec_eval.RelevanceEvaluator(qrels, {name}).evaluate(run)
    return {q: found.get(q, {}).get(name.replace(".", "_"), 0.0) for q in qrels}


def test_two_runs_are_compared_by_their_fused_mode(answer, first: Path, second: Path) -> None:
    made = answer(first, second)
    assert made["measure"] == "nDCG@10"
    [pair] = made["pairs"]
    assert list(pair) == KEYS
    assert (pair["a"], pair["b"], pair["queries"]) == ("first/fused", "second/fused", 3)
    a, b = official(first, "fused"), official(second, "fused")
    macro = [(v["q1"] + v["q2"]) / 2 / 2 + v["q3"] / 2 for v in (a, b)]
    assert pair["difference"] == pytest.approx(macro[0] - macro[1], abs=1e-9)
    d = [a[q] - b[q] for q in a]
    assert pair["p_t"] == pytest.approx(stats.ttest_1samp(d, 0).pvalue)
    assert (pair["wins"], pair["ties"], pair["losses"]) == (2, 1, 0)
    assert pair["p_randomisation"] == 2 / 2**2  # two queries differ, both in the same direction
    assert pair["p_holm"] == pair["p_randomisation"]
    whole = json.loads((first / "report.json").read_text("utf-8"))
    means = {one["name"]: one["mean"] for one in made["rankings"]}
    assert means["first/fused"] == pytest.approx(whole["modes"]["fused"]["nDCG@10"], abs=1e-9)
    assert made["runs"]["second"]["settings"]["weights"] == [0, 1, 0]


def test_any_measure_is_taken_from_the_trec_files(answer, first: Path, second: Path) -> None:
    made = answer(first, second, "--measure", "map")
    assert made["measure"] == "MAP"
    a, b = official(first, "fused", "map"), official(second, "fused", "map")
    macro = [(v["q1"] + v["q2"]) / 2 / 2 + v["q3"] / 2 for v in (a, b)]
    assert made["pairs"][0]["difference"] == pytest.approx(macro[0] - macro[1], abs=1e-9)


def test_modes_are_compared_within_and_across_runs(answer, first: Path, second: Path) -> None:
    made = answer(first, second, "--modes", "dense", "fused")
    names = ["first/dense", "first/fused", "second/dense", "second/fused"]
    assert [one["name"] for one in made["rankings"]] == names
    assert [(pair["a"], pair["b"]) for pair in made["pairs"]] == [
        (a, b) for n, a in enumerate(names) for b in names[n + 1 :]
    ]
    by_pair = {(pair["a"], pair["b"]): pair for pair in made["pairs"]}
    same = by_pair["first/dense", "second/dense"]
    assert (same["difference"], same["ties"], same["p_t"], same["interval"]) == (0, 3, 1, [0, 0])


def test_one_run_s_modes_are_compared_with_each_other(answer, first: Path) -> None:
    made = answer(first, "--modes", "dense", "sparse")
    assert [(pair["a"], pair["b"]) for pair in made["pairs"]] == [("dense", "sparse")]
    assert len(answer(first)["pairs"]) == 5 * 4 / 2


def test_a_mode_without_numbers_is_left_out_and_said(
    answer, compare: Compare, evaluation: Evaluation, tmp_path: Path
) -> None:
    folder = tmp_path / "colbert"
    report.write(evaluate(evaluation.scored, FusionSettings((0, 0, 1))), folder)
    made = answer(folder)
    assert made["left_out"] == ["dense_sparse"]
    assert len(made["rankings"]) == 4
    _, page, _ = compare(folder)
    assert "dense_sparse has no numbers (weight 0) and is left out." in page
    mended(compare(folder, "--modes", "dense", "dense_sparse"), "1 of 2 rankings have numbers")


def test_the_page_says_what_was_compared_and_what_the_labels_show(
    compare: Compare, first: Path, second: Path
) -> None:
    status, page, complaint = compare(first, second)
    assert (status, complaint) == (0, "")
    assert page.startswith(
        "first: tiny/beir · protocol studio · encoder fake · letter counts · 1 · exact · "
        "weights 1 / 0.3 / 1 · weighted, none\n"
        "second: tiny/beir · protocol studio · encoder fake · letter counts · 1 · exact · "
        "weights 0 / 1 / 0 · weighted, none\n"
        "nDCG@10 · 3 queries · mean over 2 languages of their means\n"
    )
    assert "first/fused − second/fused" in page
    assert "Rankings that share a letter are not told apart at 5 %" in page
    assert "With 3 queries" in page
    assert max(map(len, page.splitlines()[3:8])) <= 130


def test_a_folder_beside_itself_has_no_difference(answer, compare: Compare, first: Path) -> None:
    [pair] = answer(first, first)["pairs"]
    assert (pair["a"], pair["b"]) == ("first/fused", "first (2)/fused")
    assert (pair["difference"], pair["p_randomisation"], pair["effect_size"]) == (0, 1, 0)
    assert "No query differs in nDCG@10" in compare(first, first)[1]


def test_the_same_call_gives_the_same_numbers(answer, first: Path, second: Path) -> None:
    assert answer(first, second) == answer(first, second)


def test_queries_are_aligned_by_id_and_not_by_their_place(
    answer, first: Path, second: Path
) -> None:
    straight = answer(first, second)
    lines = (second / "qrels.trec").read_text("utf-8").splitlines(keepends=True)
    (second / "qrels.trec").write_text("".join(reversed(lines)), "utf-8")
    assert answer(first, second) == straight


def test_runs_that_differ_in_more_than_settings_say_so(answer, first: Path, second: Path) -> None:
    edited(second, protocol="mteb")
    assert answer(first, second)["notes"] == ["the runs differ in protocol: studio, mteb"]


def test_a_folder_that_does_not_say_its_languages_is_averaged_over_queries(
    answer, first: Path
) -> None:
    edited(first, languages={})
    made = answer(first, "--modes", "dense", "fused")
    assert made["languages"] == 1
    assert made["rankings"][0]["mean"] == pytest.approx(
        np.mean([*official(first, "dense").values()])
    )
    assert "each query counts alike" in made["notes"][0]


def test_runs_over_different_queries_are_refused_with_both_numbers(
    compare: Compare, first: Path, second: Path
) -> None:
    lines = (second / "qrels.trec").read_text("utf-8").splitlines(keepends=True)
    (second / "qrels.trec").write_text(
        "".join(x for x in lines if not x.startswith("q3 ")), "utf-8"
    )
    mended(compare(first, second), f"{first} has 3, {second} has 2, and 2 are in both")


def test_runs_with_different_judgements_are_refused(
    compare: Compare, first: Path, second: Path
) -> None:
    text = (second / "qrels.trec").read_text("utf-8").replace("q2 0 fox 1", "q2 0 fox 2")
    (second / "qrels.trec").write_text(text, "utf-8")
    mended(compare(first, second), "differ in those of 1 of 3 queries, q2 for one")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("runs/fused.trec", "q1 Q0 fox 1 0.5 x\nq1 Q0 fax 2 0.4\n", "line 2: 5 columns and not 6"),
        ("runs/fused.trec", "q1 Q0 fox 1 high x\n", "line 1: the score 'high' is no number"),
        ("runs/fused.trec", "q1 Q0 fox 1 nan x\n", "line 1: the score 'nan' is not finite"),
        ("runs/fused.trec", "q1 Q0 fox 1 1 x\nq1 Q0 fox 2 0 x\n", "line 2: fox is returned twice"),
        ("qrels.trec", "q1 0 fox one\n", "line 1: the grade 'one' is no whole number"),
        ("qrels.trec", "q1 0 fox 1\nq1 0 fox 1\n", "line 2: fox is judged twice for q1"),
        ("qrels.trec", "", "holds no judgements"),
        ("run.json", '{"modes":\n oops}', "run.json, line 2: Expecting value"),
        ("run.json", "[]", "does not say collection, encoder, modes, protocol, settings"),
    ],
)
def test_a_broken_file_is_named_with_its_line(
    compare: Compare, first: Path, name: str, text: str, sentence: str
) -> None:
    (first / name).write_text(text, "utf-8")
    complaint = mended(compare(first, "--modes", "dense", "fused"), sentence)
    assert str(first / name) in complaint


def test_a_file_that_is_not_utf_8_is_named(compare: Compare, first: Path) -> None:
    (first / "qrels.trec").write_bytes(b"q1 0 caf\xe9 1\n")
    mended(compare(first), "qrels.trec is not UTF-8 from byte 9 on")


@pytest.mark.parametrize("name", ["run.json", "qrels.trec"])
def test_a_missing_file_is_named(compare: Compare, first: Path, name: str) -> None:
    (first / name).unlink()
    mended(compare(first), name)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--modes", "bm25", "dense"], "has no run of 'bm25'. It has dense, sparse, multi_vector,"),
        (["--modes", "../qrels", "dense"], "has no run of '../qrels'"),
        (["--modes", "dense"], "1 of 1 rankings have numbers"),
        (["--measure", "ERR@10"], "There is no measure 'ERR@10'"),
    ],
)
def test_what_cannot_be_compared_is_answered_with_what_can(
    compare: Compare, first: Path, arguments: list[str], sentence: str
) -> None:
    mended(compare(first, *arguments), sentence)


def test_a_folder_that_is_no_run_is_refused(compare: Compare, first: Path, tmp_path: Path) -> None:
    mended(compare(first, tmp_path / "nowhere"), "holds no run.json")


def test_ids_with_blanks_are_compared(answer, evaluation: Evaluation, tmp_path: Path) -> None:
    """Blanks are quoted in the TREC files, and not in run.json's languages."""
    collection = evaluation.scored.collection
    queries = tuple(replace(q, id=f"{q.id} 100%") for q in collection.queries)
    qrels = {f"{q} 100%": grades for q, grades in collection.qrels.items()}
    renamed = replace(collection, queries=queries, qrels=qrels)
    report.write(
        evaluate(replace(evaluation.scored, collection=renamed), evaluation.settings), tmp_path
    )
    made = answer(tmp_path, "--modes", "dense", "fused")
    assert made["languages"] == 2
    mean = evaluation.modes["dense"]["nDCG@10"]
    assert made["rankings"][0]["mean"] == pytest.approx(mean, abs=1e-9)


def test_a_run_of_another_tool_is_ordered_as_trec_eval_orders_it(tmp_path: Path) -> None:
    """By score in float32, then the larger passage id; the ranks written do not count."""
    path = tmp_path / "run.trec"
    path.write_text("q Q0 a 1 1.0 x\nq Q0 c 2 1.000000001 x\nq Q0 b 3 2 x\nq Q0 d 4 1 x\n", "utf-8")
    run, ids = saved.read_run(path)
    assert [ids[row] for row in run["q"].rows] == ["b", "d", "c", "a"]
    assert (np.diff(run["q"].scores) < 0).all()


def test_our_own_runs_are_read_back_as_they_were(evaluation: Evaluation, first: Path) -> None:
    for mode, made in evaluation.runs.items():
        run, ids = saved.load(first).run(mode)
        for query, returned in run.items():
            theirs = [evaluation.scored.ids[row] for row in made[query].rows]
            assert [ids[row] for row in returned.rows] == theirs
            assert np.array_equal(returned.scores, made[query].scores)


def test_a_mode_whose_file_was_lost_is_no_mode_of_the_run(first: Path) -> None:
    (first / "runs" / "sparse.trec").unlink()
    assert saved.load(first).modes == ["dense", "multi_vector", "dense_sparse", "fused"]


def test_labels_are_as_long_as_it_takes_to_tell_folders_apart(tmp_path: Path) -> None:
    def short(*names: str) -> list[str]:
        return labels([tmp_path / name for name in names])

    assert short("a/out", "a/other") == ["out", "other"]
    assert short("a/out", "b/out") == ["a/out", "b/out"]
    assert short("out", "out", "x") == ["out", "out (2)", "x"]


def test_a_run_that_cannot_be_opened_is_a_reading_error(first: Path) -> None:
    moved = first.with_name("moved")
    shutil.move(first, moved)
    with pytest.raises(ReadingError, match="Name a folder that"):
        saved.load(first)
    saved.load(moved)


def edited(folder: Path, **changes: Any) -> None:
    about = json.loads((folder / "run.json").read_text("utf-8"))
    (folder / "run.json").write_text(json.dumps(about | changes), "utf-8")


def mended(done: tuple[int, str, str], sentence: str) -> str:
    """One sentence on stderr, status 2, nothing on stdout."""
    status, out, complaint = done
    assert (status, out) == (2, "")
    assert sentence in complaint
    assert len(complaint.splitlines()) == 1
    return complaint


def test_trec_runs_alone_are_compared_with_judgements_of_a_file(
    answer: Callable[..., dict[str, Any]], compare: Compare, first: Path
) -> None:
    dense, fused = (first / "runs" / f"{mode}.trec" for mode in ("dense", "fused"))
    [pair] = answer(dense, fused, "--qrels", first / "qrels.trec")["pairs"]
    [expected] = answer(first, "--modes", "dense", "fused")["pairs"]
    same = ("wins", "ties", "losses", "queries")
    assert [pair[name] for name in same] == [expected[name] for name in same]
    assert (pair["a"], pair["b"]) == ("dense.trec", "fused.trec")
    status, out, _ = compare(dense, first, "--qrels", first / "qrels.trec")
    assert status == 0
    assert "dense.trec: a TREC run, tag fake-dense, judged by qrels.trec" in out
    status, _, complaint = compare(dense, fused)
    assert status == 2
    assert "name its judgements with --qrels" in complaint


def test_a_trec_run_of_five_columns_is_said_with_its_line(compare: Compare, first: Path) -> None:
    run = first / "runs" / "dense.trec"
    lines = run.read_text("utf-8").splitlines()
    run.write_text("\n".join([*lines[:1], lines[1].rsplit(" ", 1)[0], *lines[2:]]), "utf-8")
    status, _, complaint = compare(
        run, first / "runs" / "fused.trec", "--qrels", first / "qrels.trec"
    )
    assert status == 2
    assert "dense.trec, line 2: 5 columns and not 6" in complaint
