"""The report's contract, and files from which any tool computes the same numbers."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import pytrec_eval

from eval import charts, grouping, report
from eval.collection import Query
from eval.evaluation import Evaluation, evaluate
from eval.measures import MEASURES
from eval.protocols import RUN_MODES
from studio.records import FusionSettings

CONTRACT = [  # what design.md promises; the rest is ours to change
    "collection", "encoder", "queries", "passages", "protocol", "modes", "groups", "settings",
    "seconds", "versions",
]  # fmt: skip


@pytest.fixture
def written(evaluation: Evaluation, tmp_path: Path) -> Path:
    report.write(evaluation, tmp_path / "new" / "out")
    return tmp_path / "new" / "out"


def test_the_report_has_the_keys_of_the_contract(evaluation: Evaluation) -> None:
    made = report.as_json(evaluation)
    assert [key for key in made if key in CONTRACT] == CONTRACT
    assert set(made) - set(CONTRACT) == {"split", "missing", "truncated", "gaps", "notes"}
    assert set(made["encoder"]) == {
        "name", "title", "revision", "precision", "query_tokens", "passage_tokens",
    }  # fmt: skip
    assert list(made["modes"]) == list(RUN_MODES)
    for numbers in made["modes"].values():
        assert list(numbers) == ["nDCG@10", "Recall@100", "MRR@10", "MAP", "Judged@10"]
        assert all(0 <= value <= 1 for value in numbers.values())
    assert {name: list(groups) for name, groups in made["groups"].items()} == {
        "language": ["en", "de"],
        "kind": ["identifier", "paraphrase"],
        "length": [],  # all have one word
    }
    for groups in made["groups"].values():
        assert all(list(modes) == list(RUN_MODES) for modes in groups.values())
    assert list(made["settings"]) == ["weights", "normalise", "method", "rrf_k"]
    assert list(made["seconds"]) == ["encode_passages", "encode_queries", "score"]
    assert {"python", "torch", "ir-measures"} <= set(made["versions"])


def test_the_report_says_what_was_evaluated(evaluation: Evaluation) -> None:
    made = report.as_json(evaluation)
    assert (made["collection"], made["split"], made["protocol"]) == ("tiny/beir", "test", "studio")
    assert (made["queries"], made["passages"]) == (3, 5)
    assert made["encoder"]["name"] == "fake"
    assert made["settings"]["weights"] == [1.0, 0.3, 1.0]
    assert made["missing"] == dict.fromkeys(RUN_MODES, 0) | {"sparse": 1}
    assert made["notes"] == ["1 passages have no text; they stay in the pool."]
    assert json.loads(json.dumps(made)) == made


def test_the_files_are_those_of_the_contract(written: Path) -> None:
    files = {str(path.relative_to(written)) for path in written.rglob("*") if path.is_file()}
    assert files == {
        "report.json",
        "run.json",
        "per_query.csv",
        "qrels.trec",
        "candidates.npz",
        "groups.csv",
        "ndcg.svg",
        "ndcg.png",
        *(f"runs/{mode}.trec" for mode in RUN_MODES),
    }


def test_report_json_is_the_report_and_run_json_adds_what_verifying_takes(
    written: Path, evaluation: Evaluation
) -> None:
    made = json.loads((written / "report.json").read_text("utf-8"))
    assert made == report.as_json(evaluation)
    run = json.loads((written / "run.json").read_text("utf-8"))
    assert {name: run[name] for name in made} == made
    assert run["ids"] == ["fox", "fax", "foxes", "eule", "leer"]
    assert run["languages"] == {"q1": "en", "q2": "en", "q3": "de"}
    assert set(run["digests"]) == {"corpus", "queries", "qrels"}
    assert run["source"].endswith("tiny/beir")
    assert {"processor", "cores", "memory_gb", "system"} == set(run["hardware"])
    assert run["parts"]["kind"] == {"identifier": ["q1", "q3"], "paraphrase": ["q2"]}
    assert run["cut"] == []
    there = {p.relative_to(written).as_posix() for p in written.rglob("*") if p.is_file()}
    assert set(run["files"]) == there - {"run.json"}


def test_writing_twice_leaves_the_last_report(written: Path, evaluation: Evaluation) -> None:
    report.write(evaluate(evaluation.scored, FusionSettings((0, 0, 1))), written)
    made = json.loads((written / "report.json").read_text("utf-8"))
    assert made["settings"]["weights"] == [0, 0, 1]
    assert (written / "runs" / "dense_sparse.trec").read_text("utf-8") == ""


@pytest.mark.parametrize("mode", RUN_MODES)
def test_runs_have_six_columns_with_ranks_from_1_and_falling_scores(
    written: Path, mode: str
) -> None:
    lines = (written / "runs" / f"{mode}.trec").read_text("utf-8").splitlines()
    by_query = defaultdict(list)
    for line in lines:
        query, q0, _passage, rank, score, tag = line.split(" ")
        assert (q0, tag) == ("Q0", f"fake-{mode}")
        by_query[query].append((int(rank), float(score)))
    assert len(by_query) == (2 if mode == "sparse" else 3)
    for ranked in by_query.values():
        assert [rank for rank, _ in ranked] == list(range(1, len(ranked) + 1))
        scores = np.asarray([score for _, score in ranked], dtype=np.float32)
        assert (scores[1:] < scores[:-1]).all()


def test_a_blank_in_the_encoder_s_name_makes_no_seventh_column(evaluation: Evaluation) -> None:
    scored = evaluation.scored
    named = replace(scored, encoder=replace(scored.encoder, name="/my models/m3"))
    text = report.run_trec(replace(evaluation, scored=named), "dense")
    assert {len(line.split()) for line in text.splitlines()} == {6}


@pytest.mark.parametrize("mode", RUN_MODES)
def test_pytrec_eval_on_the_files_gives_the_report(written: Path, mode: str) -> None:
    with (written / "qrels.trec").open() as lines:
        qrels = pytrec_eval.parse_qrel(lines)
    with (written / "runs" / f"{mode}.trec").open() as lines:
        run = pytrec_eval.parse_run(lines)
    found = pytrec_eval.RelevanceEvaluator(
        qrels, {"ndcg_cut.10", "recall.100", "recip_rank", "map"}
    )
    values = found.evaluate(run)  # the pool is 5, so MRR needs no cut
    languages = {"en": ["q1", "q2"], "de": ["q3"]}
    made = json.loads((written / "report.json").read_text("utf-8"))["modes"][mode]
    names = ["ndcg_cut_10", "recall_100", "recip_rank", "map"]
    for ours, official in zip(list(MEASURES)[:4], names, strict=True):  # trec_eval has no Judged
        means = [
            np.mean([values[q][official] if q in values else 0.0 for q in queries])
            for queries in languages.values()
        ]
        assert made[ours] == pytest.approx(np.mean(means), abs=1e-9)


def test_qrels_keep_the_judgements_of_0(written: Path) -> None:
    lines = (written / "qrels.trec").read_text("utf-8").splitlines()
    assert lines == [
        "q1 0 fax 2", "q1 0 foxes 1", "q1 0 eule 0", "q2 0 fox 1", "q3 0 eule 1",
    ]  # fmt: skip


def test_per_query_has_a_row_for_every_mode_and_judged_query(
    written: Path, evaluation: Evaluation
) -> None:
    table = pd.read_csv(written / "per_query.csv")
    assert list(table.columns) == ["mode", "query", *MEASURES]
    assert list(table["mode"]) == [mode for mode in RUN_MODES for _ in range(3)]
    assert list(table["query"]) == ["q1", "q2", "q3"] * len(RUN_MODES)
    numbers = list(MEASURES)
    assert np.allclose(table[numbers], evaluation.table[numbers], rtol=0, atol=1e-12)


def test_candidates_hold_the_raw_scores_of_every_query(
    written: Path, evaluation: Evaluation
) -> None:
    with np.load(written / "candidates.npz") as saved:
        assert saved["queries"].tolist() == ["q1", "q2", "q3"]
        starts = saved["offsets"]
        for n, candidates in enumerate(evaluation.scored.candidates):
            part = slice(starts[n], starts[n + 1])
            assert np.array_equal(saved["rows"][part], candidates.rows)
            assert np.array_equal(saved["scores"][part], candidates.scores)


def test_the_table_for_people_names_encoder_setting_and_what_is_missing(
    evaluation: Evaluation,
) -> None:
    text = report.as_text(evaluation)
    assert "encoder fake · letter counts · 1 · exact" in text
    assert "protocol studio · weights 1 / 0.3 / 1 · raw scores" in text
    assert "Sparse found nothing for 1 queries (0 each)." in text
    assert "note: 1 passages have no text" in text
    [line] = [line for line in text.splitlines() if line.startswith("Dense  ")]
    assert line.split()[1:] == [f"{evaluation.modes['dense'][name]:.4f}" for name in MEASURES]


def test_an_id_is_one_field_and_stays_its_own() -> None:
    ids = ["a b", "a%20b", "a\tb", "a b", "ü/1"]
    fields = [report.one_field(name) for name in ids]
    assert fields[:2] == ["a%20b", "a%2520b"]
    assert all(len(field.split()) == 1 for field in fields)
    assert len(set(fields)) == len(set(ids))


def test_the_figure_is_the_same_bytes_for_the_same_evaluation(
    evaluation: Evaluation, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        charts.write(evaluation, tmp_path / name)
    for name in charts.FILES:
        first, second = ((tmp_path / part / name).read_bytes() for part in ("one", "two"))
        assert first == second
    drawing = (tmp_path / "one" / "ndcg.svg").read_text("utf-8")
    assert "nDCG@10, 95 % intervals" in drawing
    assert "All three" in drawing
    assert f"{evaluation.modes['fused']['nDCG@10']:.3f}" in drawing


def test_queries_are_told_apart_by_their_length() -> None:
    tokens = np.asarray([3, 9, 4, 20, 5, 12])
    queries = [Query(f"q{n}", "") for n in range(6)]
    assert grouping.parts(queries, tokens, "length") == {
        "short (3 to 4 tokens)": ["q0", "q2"],
        "medium (5 to 9 tokens)": ["q1", "q4"],
        "long (12 to 20 tokens)": ["q3", "q5"],
    }
    assert grouping.parts(queries, np.full(6, 7), "length") == {}
