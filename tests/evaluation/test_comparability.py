"""Which published number stands beside ours, and each reason why not, one at a time."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval import comparability, published
from eval.comparability import Beside, benchmark_of, beside
from eval.evaluation import Evaluation
from eval.published import E5, M3
from studio.encoders.choice import M3_REVISION
from studio.records import FusionSettings, Passage

SHARED = Path(__file__).resolve().parents[3] / "shared" / "reference"
Build = Callable[..., Evaluation]
PASSAGE = Passage("p", "p", "text", 0, 4, title="title")


@pytest.fixture
def sw(evaluation: Evaluation) -> Build:
    """sw(protocol=…, name=…, …): an evaluation as if it were BGE-M3's on MIRACL's Swahili."""

    def build(
        protocol: str = "paper-miracl",
        name: str = "miracl/sw",
        passages: int = 131_924,
        queries: int = 482,
        split: str = "dev",
        settings: FusionSettings | None = None,
        truncated: int = 0,
        limit: int = 512,
        encoder: str = M3,
        **made_by: Any,
    ) -> Evaluation:
        scored = evaluation.scored
        whole = replace(
            scored.collection,
            name=name,
            passages=(PASSAGE,) * passages,
            queries=scored.collection.queries[:1] * queries,
            split=split,
        )
        m3 = {"name": encoder, "title": M3, "revision": M3_REVISION, "precision": "float32"}
        made = replace(
            scored,
            collection=whole,
            encoder=replace(scored.encoder, **m3 | made_by),
            truncated={"passages": truncated, "queries": 0},
            limits={"passage_tokens": limit, "query_tokens": 512},
        )
        settings = settings or FusionSettings()
        return replace(evaluation, scored=made, protocol=protocol, settings=settings)

    return build


def rows(evaluation: Evaluation, source: str) -> dict[str, Beside]:
    return {row.mode: row for row in beside(evaluation) if source in row.source}


def test_the_same_in_everything_is_comparable(sw: Build) -> None:
    made = rows(sw(), "Table 1")
    assert list(made) == ["dense", "sparse", "multi_vector", "dense_sparse", "fused"]
    assert all(row.comparable and row.language == "sw" for row in made.values())
    assert {mode: row.theirs for mode, row in made.items()} == {
        "dense": 0.787,
        "sparse": 0.579,
        "multi_vector": 0.791,
        "dense_sparse": 0.785,
        "fused": 0.796,
    }


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"encoder": "embedded", "title": "embedded"}, "another encoder (embedded instead of "),
        ({"precision": "int8"}, "lower precision (int8)"),
        ({"title": f"{M3} · first 64 of 1,024 dimensions"}, "shortened vectors"),
        ({"passages": 131_923}, "another collection (miracl/sw: 131,923 passages and 482 queries"),
        ({"queries": 481}, "MIRACL sw has 131,924 passages and 482 queries"),
        ({"split": "test"}, "another split (test instead of dev)"),
        ({"protocol": "mteb"}, "another protocol (mteb: "),
        ({"protocol": "paper-mldr"}, "other texts (title and text are joined otherwise in 131,924"),
    ],
)
def test_each_difference_is_found_and_said(sw: Build, change: dict[str, Any], reason: str) -> None:
    dense = rows(sw(**change), "Table 1")["dense"]
    assert not dense.comparable
    assert any(reason in said for said in dense.differences), dense.differences


def test_another_revision_than_the_leaderboard_s_is_said(sw: Build) -> None:
    made = sw(name="mteb/MIRACLRetrievalHardNegatives/sw", protocol="mteb")
    assert rows(made, "of BAAI/bge-m3")["dense"].comparable
    other = sw(name="mteb/MIRACLRetrievalHardNegatives/sw", protocol="mteb", revision="abc")
    assert rows(other, "of BAAI/bge-m3")["dense"].differences == (
        f"another revision (abc instead of {M3_REVISION})",
    )


def test_corpora_of_one_size_and_family_may_be_compared(sw: Build) -> None:
    """MTEB's hard negatives of Swahili are the whole of MIRACL's Swahili."""
    made = sw(name="mteb/MIRACLRetrievalHardNegatives/sw")
    assert rows(made, "Table 1")["dense"].comparable
    fewer = sw(name="mteb/MIRACLRetrievalHardNegatives/ar", passages=192_103, queries=1_000)
    (said,) = rows(fewer, "Table 1")["dense"].differences
    assert said.endswith("MIRACL ar has 2,061,414 passages and 2,896 queries)")


def test_passages_cut_shorter_than_theirs_are_counted(sw: Build) -> None:
    task = {"name": "mteb/MIRACLRetrievalHardNegatives/sw", "protocol": "mteb"}
    cut = rows(sw(**task, truncated=7), "of BAAI/bge-m3")["dense"]
    assert cut.differences == ("shorter passages (7 were cut at 512 tokens; theirs at 8,192)",)
    assert rows(sw(**task, truncated=7, limit=8_192), "of BAAI/bge-m3")["dense"].comparable


def test_texts_that_differ_in_blanks_alone_are_the_same(sw: Build) -> None:
    differences = rows(sw(protocol="mteb"), "Table 1")["dense"].differences
    assert len(differences) == 1  # the protocol; "title text" is read as "title\ntext" is


def test_weights_count_only_where_the_protocol_leaves_them_open(sw: Build) -> None:
    same = rows(sw(protocol="studio", settings=FusionSettings((1, 0.3, 1))), "Table 1")
    other = rows(sw(protocol="studio", settings=FusionSettings((1, 1, 1), "min-max")), "Table 1")
    said = "other weights, or another way to fuse"
    assert [mode for mode, row in same.items() if said in row.differences] == []
    assert [m for m, r in other.items() if said in r.differences] == ["dense_sparse", "fused"]


def test_an_unrelated_collection_stands_beside_the_averages_and_is_marked(
    evaluation: Evaluation,
) -> None:
    made = beside(evaluation)
    assert [row.mode for row in made] == [
        "dense",
        "sparse",
        "multi_vector",
        "dense_sparse",
        "fused",
    ]
    assert {row.language for row in made} == {"avg"}
    assert made[-1].theirs == 0.715
    assert made[0].ours == evaluation.modes["dense"]["nDCG@10"]
    assert not any(row.comparable for row in made)
    assert any("the average over the languages of MIRACL" in d for d in made[0].differences)


def test_a_collection_whose_size_is_not_on_record_is_not_called_comparable(sw: Build) -> None:
    made = sw(name="mteb/MLQARetrieval/eng-deu", protocol="mteb", split="test")
    (row,) = beside(made)
    assert [said.split(" (")[0] for said in row.differences] == ["unchecked collection"]


def test_a_copy_of_a_task_with_more_queries_is_another_collection(sw: Build) -> None:
    made = sw(name="xquad/ru", protocol="mteb", split="test", passages=240, queries=1_190)
    (row,) = beside(made)
    assert row.theirs == pytest.approx(0.96028, abs=1e-5)
    assert row.differences == (
        "another collection (xquad/ru: 240 passages and 1,190 queries; XQuADRetrieval ru has 240 "
        "passages and 1,185 queries)",
        "another split (test instead of validation)",
    )


def test_the_small_model_is_shown_only_beside_itself(sw: Build) -> None:
    task = "mteb/MIRACLRetrievalHardNegatives/sw"
    assert not any(E5 in row.source for row in beside(sw(name=task)))
    mine = beside(sw(name=task, encoder="embedded", title="embedded · e5"))
    assert any(E5 in row.source and not row.comparable for row in mine)


def test_bm25_is_shown_where_we_have_it_and_never_called_the_same(sw: Build) -> None:
    made = sw()
    table = made.table
    extra = table[table["mode"] == "sparse"].assign(mode="bm25")
    with_bm25 = replace(
        made, table=type(table)([*table.to_dict("records"), *extra.to_dict("records")])
    )
    row = rows(with_bm25, "Table 1")["bm25"]
    assert row.theirs == 0.351
    assert [said.split(" (")[0] for said in row.differences] == ["another BM25"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("miracl/sw", ("MIRACL", "sw")),
        ("mldr/ja", ("MLDR", "ja")),
        ("mteb/SciFact", ("SciFact", "default")),
        ("mteb/XQuADRetrieval/ru", ("XQuADRetrieval", "ru")),
        ("beir/nfcorpus", ("NFCorpus", "default")),
        ("xquad/ru", ("XQuADRetrieval", "ru")),
        ("beir/unknown", ("", "")),
        ("atlas", ("", "")),
    ],
)
def test_a_collection_s_name_says_its_benchmark(name: str, expected: tuple[str, str]) -> None:
    assert benchmark_of(name) == expected


def test_every_family_has_numbers_and_the_numbers_are_fractions() -> None:
    benchmarks = {n.benchmark for n in (*published.paper(), *published.leaderboard())}
    assert {name for names in comparability.RELATED for name in names} <= benchmarks
    assert set(comparability.BEIR.values()) <= benchmarks
    for number in (*published.paper(), *published.leaderboard()):
        assert 0 <= number.value <= 1
        assert number.source


def test_the_bundled_numbers_are_those_of_the_sources() -> None:
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not on this machine")
    for ours, theirs in (("paper.csv", "paper_results.csv"), ("mteb.csv", "mteb_results.csv")):
        read = [
            list(csv.DictReader(path.read_text("utf-8").splitlines()))
            for path in (published.ASSETS / "published" / ours, SHARED / theirs)
        ]
        assert read[0] == read[1]
