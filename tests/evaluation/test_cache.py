"""What is kept is used, and what cannot be is made again."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval import cache, collection
from eval.collection import TestCollection
from eval.evaluation import Scored, evaluate, score
from eval.protocols import PROTOCOLS, Listed
from studio.records import Candidates, Encodings, FusionSettings, Progress, silent
from tests.fakes import FakeEncoder, NoEncoder, encode

from .conftest import Beir


@pytest.fixture
def loaded(beir: Beir) -> TestCollection:
    return collection.load(str(beir()))


def same(one: Scored, other: Scored) -> bool:
    """Whether all that evaluations begin with is equal, bit for bit."""
    arrays = [
        [a for c in (*s.candidates, *s.reranked) for a in (c.rows, c.scores)]
        + [
            a
            for of_mode in (*s.lists.values(), s.bm25)
            for x in of_mode
            for a in (x.rows, x.scores)
        ]
        for s in (one, other)
    ]
    return len(arrays[0]) == len(arrays[1]) and all(map(np.array_equal, *arrays))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_second_run_needs_no_model_and_gives_the_same(
    loaded: TestCollection, tmp_path: Path, protocol: str
) -> None:
    first = score(loaded, FakeEncoder(), tmp_path, protocol=protocol, bm25=True)
    again = score(loaded, NoEncoder(), tmp_path, protocol=protocol, bm25=True)
    assert same(first, again)
    one, other = evaluate(first), evaluate(again)
    assert one.table.equals(other.table)
    assert "bm25" in one.runs


def test_new_weights_need_no_model(loaded: TestCollection, tmp_path: Path) -> None:
    score(loaded, FakeEncoder(), tmp_path)
    again = evaluate(score(loaded, NoEncoder(), tmp_path), FusionSettings((1, 0, 0)))
    assert again.modes["fused"] == again.modes["dense"]


def test_nothing_is_heard_where_all_is_kept(loaded: TestCollection, tmp_path: Path) -> None:
    score(loaded, FakeEncoder(), tmp_path, bm25=True)
    heard: list[str] = []
    score(loaded, NoEncoder(), tmp_path, lambda *told: heard.append(told[2]), bm25=True)
    assert heard == []


def test_protocols_that_read_the_same_texts_share_the_encoding(
    loaded: TestCollection, tmp_path: Path
) -> None:
    untitled = replace(loaded, passages=tuple(replace(p, title="") for p in loaded.passages))
    score(untitled, FakeEncoder(), tmp_path)
    for protocol in ("mteb", "paper-mldr"):
        score(untitled, NoEncoder(), tmp_path, protocol=protocol)
    with pytest.raises(AssertionError, match="the model was called"):
        score(untitled, NoEncoder(), tmp_path, protocol="paper-miracl")  # a line break first


def test_protocols_that_read_other_texts_do_not(loaded: TestCollection, tmp_path: Path) -> None:
    encoders = {protocol: FakeEncoder() for protocol in PROTOCOLS}
    for protocol, encoder in encoders.items():
        score(loaded, encoder, tmp_path, protocol=protocol)
    third = {p: e.calls[0][2] for p, e in encoders.items() if e.calls}
    assert third == {
        "studio": "fox dog",
        "paper-miracl": "fox\ndog",
        "paper-mldr": "dog",
    }  # mteb's texts are studio's here, and the queries are the same for all
    assert [len(e.calls) for e in encoders.values()] == [2, 1, 1, 0]


class Queries(FakeEncoder):
    """Encodes queries only."""

    def encode_passages(self, texts: Sequence[str], progress: Progress = silent) -> Encodings:
        raise AssertionError("passages were encoded again")

    def encode_queries(self, texts: Sequence[str], progress: Progress = silent) -> Encodings:
        self.calls.append(list(texts))
        return encode(texts, self.max_query_tokens)


def test_another_limit_of_queries_encodes_the_queries_anew(
    loaded: TestCollection, tmp_path: Path
) -> None:
    score(loaded, FakeEncoder(), tmp_path)
    shorter = Queries()
    shorter.max_query_tokens = 2
    made = score(loaded, shorter, tmp_path)
    assert shorter.calls == [["fox", "xof", "owl"]]
    assert made.candidates[0].scores[:, 1].tolist() == [0, 0, 0, 0, 0]  # only </s> is left


def test_another_query_is_encoded(loaded: TestCollection, tmp_path: Path) -> None:
    score(loaded, FakeEncoder(), tmp_path)
    other = replace(loaded, queries=(replace(loaded.queries[0], text="dog"), *loaded.queries[1:]))
    encoder = Queries()
    made = score(other, encoder, tmp_path)
    assert encoder.calls == [["dog", "xof", "owl"]]
    assert made.candidates[0].query == "dog"


@pytest.mark.parametrize("damage", [b"", b"not a zip", None])
@pytest.mark.parametrize("kind", ["queries-*", "scores-*", "*/manifest.json", "*/*/dense.npy"])
def test_a_damaged_file_is_made_again(
    loaded: TestCollection, tmp_path: Path, kind: str, damage: bytes | None
) -> None:
    first = score(loaded, FakeEncoder(), tmp_path, bm25=True)
    paths = list(tmp_path.glob(kind))
    assert paths
    for path in paths:
        path.write_bytes(path.read_bytes()[:-20] if damage is None else damage)
    assert same(first, score(loaded, FakeEncoder(), tmp_path, bm25=True))
    assert same(first, score(loaded, NoEncoder(), tmp_path, bm25=True))  # whole again
    assert not list(tmp_path.glob("staging-*"))


def test_a_flipped_bit_is_noticed(loaded: TestCollection, tmp_path: Path) -> None:
    first = score(loaded, FakeEncoder(), tmp_path)
    for path in tmp_path.glob("scores-*"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    assert same(first, score(loaded, FakeEncoder(), tmp_path))


def test_several_at_once_agree_and_leave_nothing_behind(
    loaded: TestCollection, tmp_path: Path
) -> None:
    made: list[Any] = []

    def work() -> None:
        made.append(score(loaded, FakeEncoder(), tmp_path, protocol="paper-miracl", bm25=True))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    assert all(same(made[0], one) for one in made)
    assert not list(tmp_path.glob("staging-*"))


def test_a_file_that_could_not_be_written_whole_is_not_there(tmp_path: Path) -> None:
    class Unwritable:
        def __array__(self, *_: Any, **__: Any) -> Any:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        cache.write(tmp_path / "x.npz", {"a": np.zeros(3), "b": Unwritable()})  # type: ignore[dict-item]
    assert list(tmp_path.iterdir()) == []


def test_encodings_lists_and_candidates_come_back_as_they_were() -> None:
    before = encode(["fox dog", "", "owl owl"])
    after = cache.unpack_encodings(cache.pack_encodings(before))
    assert (before.sparse != after.sparse).nnz == 0
    for name in ("dense", "multi_vector", "offsets", "token_ids", "spans", "tokens", "truncated"):
        assert np.array_equal(getattr(before, name), getattr(after, name))
        assert getattr(before, name).dtype == getattr(after, name).dtype
    lists = [Listed(np.asarray([4, 2]), np.asarray([9, 3])), Listed(np.zeros(0, int), np.zeros(0))]
    back = cache.unpack_lists(cache.pack_lists(lists))
    assert [one.rows.tolist() for one in back] == [[4, 2], []]
    assert [one.scores.tolist() for one in back] == [[9, 3], []]
    pool = Candidates("fox", np.asarray([1, 5]), np.ones((2, 3), np.float32))
    kept = cache.unpack_candidates(cache.pack_candidates([pool, pool]), ["fox", "owl"])
    assert [one.query for one in kept] == ["fox", "owl"]
    assert kept[1].rows.tolist() == [1, 5]
    assert cache.unpack_lists(cache.pack_lists([])) == []
    with pytest.raises(ValueError, match="argument"):
        cache.unpack_candidates(cache.pack_candidates([pool]), ["fox", "owl"])
