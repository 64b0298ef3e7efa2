"""Where lists are complete and the formula is the same, an engine ranks as this studio does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from studio import fusion
from studio.engines import ENGINES, differences
from studio.engines.engine import kind
from studio.records import METHODS, NORMALISATIONS, Candidates, FusionSettings

# Complete lists: every sparse score is above 0. Steps of 1/64 keep ties exact in floating point.
COMPLETE = arrays.arrays(
    np.float64,
    st.tuples(st.integers(1, 12), st.just(3)),
    elements=st.integers(1, 64).map(lambda step: step / 64),
)
ANY = arrays.arrays(
    np.float64,
    st.tuples(st.integers(0, 12), st.just(3)),
    elements=st.sampled_from([0.0, 0.0, 0.25, 0.5, 0.75, 1.0]),
)
SETTINGS = st.builds(
    FusionSettings,
    st.tuples(*[st.sampled_from([0.0, 0.3, 0.5, 1.0, 2.0])] * 3).filter(any),
    st.sampled_from(NORMALISATIONS),
    st.sampled_from(METHODS),
    st.sampled_from([1.0, 60.0, 7.5]),
)

EXACT = {
    "qdrant-formula",
    "qdrant-rrf",
    "qdrant-rrf-formula",
    "qdrant-dbsf",
    "qdrant-dbsf-formula",
    "milvus-weighted",
    "milvus-rrf",
    "opensearch-script",
    "opensearch-rrf",
    "elasticsearch-script",
    "elasticsearch-linear",
    "elasticsearch-minmax",
    "elasticsearch-rrf",
    "vespa-expression",
    "vespa-linear",
    "vespa-rrf",
    "haystack-merge",
    "haystack-rrf",
    "mteb-relative",
    "mteb-rrf",
    "sentence-transformers",
}


def pool(scores) -> Candidates:
    return Candidates("q", np.arange(len(scores)), scores)


@st.composite
def distinct(draw):
    """Complete lists in which no score stands twice, so that no tie rule has a say."""
    n = draw(st.integers(1, 12))
    column = st.lists(st.integers(1, 64), min_size=n, max_size=n, unique=True)
    return np.asarray([draw(column) for _ in range(3)], dtype=np.float64).T / 64


@st.composite
def served(draw, engine):
    """A setting of a kind that the engine serves and is exact in, if there is one."""
    served = [
        FusionSettings(weights, normalise, method)
        for weights in [(1, 0.3, 1), (2, 2, 2), (0.15, 0.5, 0.35), (0, 1, 0), (0, 0.5, 0.5)]
        for normalise in NORMALISATIONS
        for method in METHODS
    ]
    return draw(
        st.sampled_from([s for s in served if kind(s) in engine.serves and engine.exact(s)])
    )


@pytest.mark.parametrize("key", [key for key in ENGINES if key in EXACT])
@settings(max_examples=60, deadline=None)
@given(scores=distinct(), data=st.data())
def test_an_exact_engine_ranks_complete_lists_as_we_do(key, scores, data):
    engine = ENGINES[key]
    setting = data.draw(served(engine))
    ours = fusion.rank(pool(scores), setting).total[engine(scores, setting).order]
    assert len(ours) == len(scores)
    assert (np.diff(ours) <= 1e-9).all()


def test_all_other_engines_say_that_they_are_not_exact():
    for key, engine in ENGINES.items():
        assert key in EXACT or not any(
            engine.exact(FusionSettings((1, 1, 1), normalise, method))
            for normalise in NORMALISATIONS
            for method in METHODS
            if kind(FusionSettings((1, 1, 1), normalise, method)) in engine.serves
        )


@pytest.mark.parametrize(
    "key", ["qdrant-rrf", "qdrant-rrf-formula", "elasticsearch-rrf", "vespa-rrf"]
)
@settings(max_examples=60, deadline=None)
@given(scores=COMPLETE)
def test_equal_weights_and_complete_lists_give_our_reciprocal_ranks(key, scores):
    setting = FusionSettings((1, 1, 1), method="rrf")
    assert ENGINES[key](scores, setting).total == pytest.approx(
        fusion.rank(pool(scores), setting).total
    )


@pytest.mark.parametrize("key", ["elasticsearch-minmax", "mteb-relative", "vespa-linear"])
@settings(max_examples=60, deadline=None)
@given(scores=COMPLETE)
def test_min_max_over_complete_lists_is_ours(key, scores):
    if (np.ptp(scores, axis=0) == 0).any():
        return
    setting = FusionSettings((1, 0.3, 2), "min-max")
    assert ENGINES[key](scores, setting).total == pytest.approx(
        fusion.rank(pool(scores), setting).total
    )


@pytest.mark.parametrize("key", ENGINES)
@settings(max_examples=40, deadline=None)
@given(scores=ANY, setting=SETTINGS, depth=st.sampled_from([None, 1, 3, (2, 0, 5)]))
def test_every_engine_returns_each_found_candidate_once_and_a_number(key, scores, setting, depth):
    engine = ENGINES[key]
    if not any(w > 0 and has for w, has in zip(setting.weights, engine.modes, strict=True)):
        return
    fused = engine(scores, setting, depth)
    found = np.flatnonzero(fused.found.any(axis=1)).tolist()
    assert sorted(fused.order.tolist()) == found
    assert np.isfinite(fused.total[found]).all()
    assert (np.diff(fused.total[fused.order]) <= 0).all()


def test_differences_tell_who_moved_and_who_is_left_out():
    scores = np.asarray([[0.9, 0.0, 0.1], [0.8, 0.0, 0.95], [0.1, 0.5, 0.2], [0.0, 0.0, 0.0]])
    told = differences(pool(scores), FusionSettings((1, 1, 1)), "haystack-merge", depth=1, top=3)
    # here 1 (1.75), 0 (1.0), 2 (0.8), 3 (0); there 1 (0.95), 0 (0.9), 2 (0.5)
    assert (told.shared, told.top, told.left_out, told.same) == (3, 3, 1, True)
    told = differences(pool(scores), FusionSettings((1, 1, 0)), "haystack-merge", depth=1, top=3)
    # here 0 (0.9), 1 (0.8), 2 (0.6); there 0 (0.9), 2 (0.5), and 1 is not returned
    assert [(m.candidate, m.here, m.there) for m in told.moved] == [(1, 2, 0), (2, 3, 2)]
    assert (told.shared, told.left_out, round(told.overlap, 3)) == (2, 2, 0.667)
