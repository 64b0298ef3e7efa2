from __future__ import annotations

import json
import os
from dataclasses import replace

import numpy as np
import pytest

from studio import index as module
from studio import scoring
from studio.errors import ReadingError
from studio.index import Index, digest, signature
from studio.records import Passage
from tests.fakes import FakeEncoder, encode

MADE_BY = signature(FakeEncoder())
TEXTS = ["The red fox", "An owl by night", "cod", "foxes and owls 狐狸 🦊", "", "red cod red"]
QUERIES = encode(["red fox", "owl", "nothing here"])


def passages(texts: list[str], first: int = 0) -> list[Passage]:
    return [Passage(f"p{n}", f"d{n}", t, 0, len(t), "T", "en") for n, t in enumerate(texts, first)]


def built(path, *portions: list[str]) -> Index:
    index, first = Index.create(path, MADE_BY), 0
    for texts in portions:
        index = index.append(passages(texts, first), encode(texts))
        first += len(texts)
    return index


@pytest.fixture
def index(tmp_path) -> Index:
    """Three segments, of three, one and two passages."""
    return built(tmp_path / "index", TEXTS[:3], TEXTS[3:4], TEXTS[4:])


def test_a_new_index_is_empty_and_scores_nothing(tmp_path):
    empty = Index.create(tmp_path / "index", MADE_BY, "abc")
    assert (len(empty), empty.ids(), empty.digest, empty.encoder) == (0, [], "abc", MADE_BY)
    for scores in (empty.dense(QUERIES), empty.sparse(QUERIES), empty.multi_vector(QUERIES)):
        assert scores.shape == (3, 0)


def test_appended_passages_come_back_in_order_after_reopening(index):
    again = Index(index.path)
    assert len(again) == len(TEXTS)
    assert again.ids() == [f"p{n}" for n in range(len(TEXTS))]
    assert [again.passage(n) for n in range(len(TEXTS))] == passages(TEXTS)


def test_a_row_is_found_in_its_segment(index):
    assert [(index.segments.index(s), at) for s, at in map(index.locate, range(6))] == [
        (0, 0), (0, 1), (0, 2), (1, 0), (2, 0), (2, 1),
    ]  # fmt: skip


def test_segments_score_as_one_array_would(index):
    whole = encode(TEXTS)
    assert index.dense(QUERIES) == pytest.approx(scoring.dense(QUERIES.dense, whole.dense))
    assert index.sparse(QUERIES) == pytest.approx(scoring.sparse(QUERIES.sparse, whole.sparse))
    late = scoring.multi_vector(
        QUERIES.multi_vector, QUERIES.offsets, whole.multi_vector, whole.offsets
    )
    assert index.multi_vector(QUERIES) == pytest.approx(late, abs=1e-3)  # stored in half precision


@pytest.mark.parametrize("rows", [[0], [5], [3], [1, 3], [0, 2, 4, 5], [4, 5], list(range(6))])
def test_late_interaction_of_some_rows_equals_those_columns_of_all(index, rows):
    some = index.multi_vector(QUERIES, np.asarray(rows))
    assert some == pytest.approx(index.multi_vector(QUERIES)[:, rows], abs=1e-6)


def test_late_interaction_of_no_row_has_no_column(index):
    assert index.multi_vector(QUERIES, np.zeros(0, dtype=np.int64)).shape == (3, 0)


def test_late_vectors_are_stored_in_half_precision(index):
    assert index.segments[0].array("multi_vector").dtype == np.float16
    assert index.segments[0].array("dense").dtype == np.float32


def test_writing_into_a_mapped_array_does_not_reach_the_file(index):
    index.segments[0].array("dense")[:] = 0
    assert (Index(index.path).segments[0].array("dense") != 0).any()


def test_passages_without_their_encodings_are_a_bug(index):
    with pytest.raises(ValueError, match="2 passages but 3 encodings"):
        index.append(passages(["a", "b"]), encode(["a", "b", "c"]))


def test_a_crash_before_the_manifest_leaves_the_index_as_it_was(index, monkeypatch):
    def crash(*_):
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(module, "_write_manifest", crash)
        with pytest.raises(OSError, match="disk is full"):
            index.append(passages(["new"], 6), encode(["new"]))
    again = Index(index.path)
    assert again.ids() == index.ids()
    assert again.append(passages(["new"], 6), encode(["new"])).ids() == [*index.ids(), "p6"]


def test_a_crash_while_the_manifest_is_written_leaves_the_old_one(index, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("killed")))
        with pytest.raises(OSError, match="killed"):
            index.append(passages(["new"], 6), encode(["new"]))
    assert Index(index.path).ids() == index.ids()


@pytest.mark.parametrize("content", ["", "{", '{"format": 1', None])
def test_an_unreadable_manifest_is_told_in_a_sentence(index, content):
    manifest = index.path / "manifest.json"
    manifest.unlink() if content is None else manifest.write_text(content)
    with pytest.raises(ReadingError, match="holds no readable index"):
        Index(index.path)


@pytest.mark.parametrize("content", ["{}", "[]", "null", '{"format": 1}'])
def test_a_manifest_of_another_shape_is_told_in_a_sentence(index, content):
    (index.path / "manifest.json").write_text(content)
    with pytest.raises(ReadingError):
        Index(index.path)


def test_a_segment_that_is_gone_is_told_in_a_sentence(index):
    (index.path / "segment-00001").rename(index.path / "elsewhere")
    with pytest.raises(ReadingError):
        Index(index.path)


def test_an_index_of_another_format_says_which(index):
    manifest = json.loads((index.path / "manifest.json").read_text())
    (index.path / "manifest.json").write_text(json.dumps(manifest | {"format": 99}))
    with pytest.raises(ReadingError, match="is of format 99, this version reads 1"):
        Index(index.path)


def test_a_missing_folder_is_told_in_a_sentence(tmp_path):
    with pytest.raises(ReadingError, match="holds no readable index"):
        Index(tmp_path / "absent")


def test_the_digest_changes_with_every_part_that_changes_a_number():
    base = passages(["one", "two"])
    same = digest(base, MADE_BY)
    assert digest(passages(["one", "two"]), MADE_BY) == same
    others = [
        digest(passages(["one", "twO"]), MADE_BY),
        digest(base[::-1], MADE_BY),
        digest(base[:1], MADE_BY),
        digest([replace(base[0], id="x"), base[1]], MADE_BY),
        digest([replace(base[0], title="x"), base[1]], MADE_BY),
        digest(base, replace(MADE_BY, revision="2")),
        digest(base, replace(MADE_BY, precision="float16")),
    ]
    assert len({same, *others}) == 1 + len(others)


def test_the_signature_names_what_made_the_numbers():
    assert (MADE_BY.name, MADE_BY.revision, MADE_BY.precision) == ("fake", "1", "exact")
