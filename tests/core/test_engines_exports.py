"""What is taken away: valid JSON and Python, the right numbers, and sentences about differences."""

from __future__ import annotations

import json
import shlex
from itertools import product

import numpy as np
import pytest

from studio import fusion
from studio.engines import ENGINES, Context, exports
from studio.errors import SettingsError
from studio.records import METHODS, NORMALISATIONS, Candidates, FusionSettings
from studio.settings import add_fusion, fusion_settings

WEIGHTS = [(1, 0.3, 1), (2, 2, 2), (1, 0, 0), (0, 0, 1), (0.2, 0.8, 0), (0, 1, 1)]
SETTINGS = [
    FusionSettings(weights, normalise, method)
    for weights, normalise, method in product(WEIGHTS, NORMALISATIONS, METHODS)
]


def of(key: str, settings: FusionSettings = SETTINGS[0], context: Context | None = None):
    return next(export for export in exports(settings, context) if export.engine == key)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_every_text_is_valid_in_its_language(settings):
    for export in exports(settings):
        assert export.text.strip(), export.engine
        assert export.title
        assert export.source
        if export.language == "json":
            json.loads(export.text)
        if export.language == "python":
            compile(export.text, export.engine, "exec")
        if export.language == "vespa":
            assert export.text.count("{") == export.text.count("}")


@pytest.mark.parametrize("settings", SETTINGS[:6], ids=str)
def test_every_engine_has_a_text_for_every_setting_even_if_it_is_not_the_nearest(settings):
    for engine in ENGINES.values():
        assert engine.text(settings, Context()), engine.key
        assert all(line.endswith(".") for line in engine.differs(settings)), engine.key


def test_each_kind_of_setting_reaches_every_family():
    families = {"qdrant", "milvus", "opensearch", "elasticsearch", "vespa", "weaviate", "haystack"}
    families |= {"mteb", "sentence", "command", "json"}
    for normalise, method in product(NORMALISATIONS, METHODS):
        given = exports(FusionSettings((1, 0.3, 1), normalise, method))
        assert {export.engine.split("-")[0] for export in given} == families
        assert len({export.engine for export in given}) == len(given)


def test_the_command_gives_the_settings_back():
    import argparse

    parser = argparse.ArgumentParser()
    add_fusion(parser)
    for settings in SETTINGS:
        if settings.method == "rrf":  # whose normalisation says nothing
            settings = FusionSettings(settings.weights, method="rrf", rrf_k=12.5)
        run, search, _ = of("command", settings).text.split("\n")
        for line, skipped in ((run, 7), (search, 6)):
            words = shlex.split(line)
            assert fusion_settings(parser.parse_args(words[skipped:])) == settings


def test_a_collection_with_a_space_stays_one_word():
    line = of("command", context=Context(collection="my papers")).text.splitlines()[0]
    assert shlex.split(line)[4] == "my papers"


def test_the_sentence_names_what_was_done_and_nothing_that_is_not_known():
    assert of("sentence").text == (
        "We rank passages by 1 · dense + 0.3 · sparse + 1 · ColBERT over the raw scores of "
        "BAAI/bge-m3."
    )
    context = Context(
        "m", "abc", pool="the top 1,000 of each", held_out=0.0141, interval=(-0.002, 0.031)
    )
    assert of("sentence", FusionSettings((1, 1, 0), method="rrf"), context).text == (
        "We rank passages by weighted reciprocal rank fusion (k = 60, ranks from 1) of the lists "
        "of m (revision abc) with weights dense 1, sparse 1; the pool is the top 1,000 of each; on "
        "held-out queries these weights change nDCG@10 by +0.014 [-0.002, +0.031] against the "
        "default weights."
    )


def test_json_holds_the_setting_by_mode():
    told = json.loads(of("json", FusionSettings((1, 0.3, 1), "min-max")).text)
    assert told["settings"] == {
        "weights": {"dense": 1, "sparse": 0.3, "multi_vector": 1},
        "normalise": "min-max",
        "method": "weighted",
        "rrf_k": 60.0,
    }
    assert "held_out" not in told


def test_qdrant_gets_a_k_that_means_the_same():
    rrf = FusionSettings((1, 0.3, 1), method="rrf", rrf_k=60)
    assert "Rrf(k=61, weights=[1.0, 0.3, 1.0])" in of("qdrant-rrf", rrf).text
    assert "Rrf(k=61))" in of("qdrant-rrf", FusionSettings((2, 2, 2), method="rrf")).text
    assert "divide the rank" in " ".join(of("qdrant-rrf", rrf).differences)


def test_opensearch_weights_add_up_to_one():
    for weights in [(1, 0.3, 1), (1, 1, 1), (0.15, 0.5, 0.35), (0, 1, 0)]:
        told = json.loads(of("opensearch-rrf", FusionSettings(weights, method="rrf")).text)
        pipeline = told["PUT /_search/pipeline/fusion"]["phase_results_processors"][0]
        combination = pipeline["score-ranker-processor"]["combination"]
        assert sum(combination["parameters"]["weights"]) == pytest.approx(1, abs=1e-9)
        assert combination["rank_constant"] == 60


def test_a_list_of_weight_zero_is_not_asked():
    two = FusionSettings((0.2, 0.8, 0))
    for engine in ("qdrant-formula", "milvus-weighted", "elasticsearch-linear", "vespa-expression"):
        text = of(engine, two).text
        assert "* colbert_score" not in text
        assert 'using="colbert"' not in text
        assert "maxSim" not in text
        assert "tokens[colbert]" not in text


def test_elasticsearch_doubles_the_dense_weight_of_raw_scores():
    told = json.loads(of("elasticsearch-linear").text)["GET /passages/_search"]
    weights = [part["weight"] for part in told["retriever"]["linear"]["retrievers"]]
    assert weights == [2, 0.3, 1]


def test_depth_is_told_where_it_matters():
    told = of("haystack-merge", context=Context(depth=37))
    assert "depth` = 37" in told.text
    assert any("top 37" in line for line in told.differences)


def test_a_depth_of_nothing_is_refused():
    with pytest.raises(SettingsError, match="1 or more"):
        Context(depth=0)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_the_lines_for_sentence_transformers_rank_as_the_studio_does(settings):
    text = of("sentence-transformers", settings).text
    fuse = text[text.index("def fuse") :]
    space = {"np": np}
    exec(fuse, space)
    scores = np.random.default_rng(5).random((30, 3))
    scores[::4, 1] = 0
    ours = fusion.rank(Candidates("q", np.arange(30), scores), settings)
    order, total = space["fuse"](scores)
    assert total == pytest.approx(ours.total)
    assert order.tolist() == ours.order.tolist()


def test_weaviate_is_left_out_where_it_has_no_list():
    given = exports(FusionSettings((0, 0, 1)))
    assert not [export for export in given if export.engine.startswith("weaviate")]
