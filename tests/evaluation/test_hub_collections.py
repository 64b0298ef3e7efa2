"""Collections of the Hub, loaded from replicas of each layout in a cache as the Hub's client keeps
it, without a network: the same calls that a machine with a network makes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from huggingface_hub import constants

from eval import collection
from eval.layouts import hub_miracl
from eval.layouts.registry import entries
from studio.errors import ReadingError

from . import hub_replica as replica
from .hub_replica import CORPUS, Contents
from .tracing import traced

QRELS = {"q1": {"fox": 2, "hen": 0}, "q2": {"owl": 1}}
Put = Callable[[str, Contents], Path]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(place))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return place


@pytest.fixture
def put(cache: Path) -> Put:
    """put(name, contents): the replica at the repository and revision of the collection."""

    def placed(name: str, contents: Contents) -> Path:
        entry = entries()[name]
        return replica.put(cache, entry.repository, entry.revision, contents)

    return placed


def refusal(name: str, split: str | None = None) -> str:
    with pytest.raises(ReadingError) as refused:
        collection.load(name, split)
    return str(refused.value)


@pytest.fixture
def miracl(cache: Path, put: Put) -> Path:
    put("miracl/sw", replica.miracl_topics("sw"))
    shards = [[row] for row in CORPUS[:1]] + [CORPUS[1:]]
    return replica.put(cache, *hub_miracl.CORPUS, replica.miracl_corpus("sw", shards))


def test_miracl_is_read_from_topics_qrels_and_shards(miracl: Path) -> None:
    found = collection.load("miracl/sw")
    assert [p.id for p in found.passages] == ["fox", "owl", "hen"]
    assert (found.passages[0].title, found.passages[0].language) == ("Fox", "sw")
    assert [q.id for q in found.queries] == ["q1", "q2"]
    assert found.qrels == QRELS
    assert (found.split, found.languages, found.licence) == ("dev", ["sw"], "apache-2.0")
    assert (found.name, found.source) == ("miracl/sw", "miracl/sw")
    assert "3 passages; the published collection has 131,924." in found.notes


def test_shards_are_read_in_the_order_of_their_numbers(cache: Path, put: Put) -> None:
    put("miracl/sw", replica.miracl_topics("sw"))
    rows = [{"_id": f"d{n}", "title": "", "text": "x"} for n in range(11)]
    shards = [[row] for row in [*rows, *CORPUS]]
    replica.put(cache, *hub_miracl.CORPUS, replica.miracl_corpus("sw", shards))
    ids = [p.id for p in collection.load("miracl/sw").passages]
    assert ids == [*(f"d{n}" for n in range(11)), "fox", "owl", "hen"]


def test_a_corpus_is_not_held_twice(cache: Path, put: Put) -> None:
    put("miracl/sw", replica.miracl_topics("sw"))
    text = "kuku " * 400
    rows = [{"_id": f"d{n}", "title": "", "text": f"{text}{n}"} for n in range(2_000)]
    replica.put(cache, *hub_miracl.CORPUS, replica.miracl_corpus("sw", [CORPUS, rows]))
    passages, kept, peak = traced("miracl/sw", HF_HUB_CACHE=str(cache), HF_HUB_OFFLINE="1")
    assert passages == 2_003
    assert peak < 1.3 * kept


@pytest.mark.parametrize("name", ["beir/nfcorpus", "mteb/NFCorpus"])
def test_mtebs_layout_of_one_language_is_read(put: Put, name: str) -> None:
    put(name, replica.mteb_single())
    found = collection.load(name)
    assert (found.name, found.split, found.qrels) == (name, "test", QRELS)
    assert [p.title for p in found.passages] == ["Fox", "", ""]


def test_nanobeir_is_read_at_its_one_split(put: Put) -> None:
    put("nanobeir/nfcorpus", replica.mteb_single("train"))
    assert collection.load("nanobeir/nfcorpus").split == "train"


@pytest.mark.parametrize("name", ["miracl-hard-negatives/sw", "mteb/MIRACLRetrieval/sw"])
def test_mtebs_layout_of_several_languages_is_read(put: Put, name: str) -> None:
    put(name, replica.mteb_several("sw"))
    found = collection.load(name)
    assert (found.split, found.qrels, found.languages) == ("dev", QRELS, ["sw"])
    assert [p.id for p in found.passages] == ["fox", "owl", "hen"]


def test_mldr_is_read_with_its_negatives_as_grade_0(put: Put) -> None:
    put("mldr/en", replica.mldr("en"))
    found = collection.load("mldr/en")
    assert (found.split, found.licence) == ("test", "mit")
    assert found.qrels == {"q1": {"fox": 1, "hen": 0}, "q2": {"owl": 1}}


def test_xquad_is_built_as_mteb_builds_it(put: Put) -> None:
    put("mteb/XQuADRetrieval/en", replica.xquad("en"))
    found = collection.load("mteb/XQuADRetrieval/en")
    fox, owl = (sha256(text).hexdigest() for text in (b"A fox.", b"An owl."))
    assert [p.id for p in found.passages] == [fox, owl]
    assert {q.id: q.text for q in found.queries} == {"3": "Who?", "2": "What?"}
    assert found.qrels == {"3": {fox: 1, owl: 1}, "2": {owl: 1}}


@pytest.mark.parametrize(
    ("name", "contents", "missing"),
    [
        ("miracl/sw", replica.miracl_topics("sw"), "qrels.miracl-v1.0-sw-dev.tsv"),
        ("beir/nfcorpus", replica.mteb_single(), "README.md"),
        ("beir/nfcorpus", replica.mteb_single(), "qrels/test.jsonl"),
        ("miracl-hard-negatives/sw", replica.mteb_several("sw"), "sw-queries/dev-"),
        ("miracl-hard-negatives/sw", replica.mteb_several("sw"), "sw-corpus/dev-00000"),
        ("mldr/en", replica.mldr("en"), "mldr-v1.0-en/corpus.jsonl.gz"),
        ("mteb/XQuADRetrieval/en", replica.xquad("en") | {"README.md": b"x"}, "xquad.en/"),
    ],
)
def test_a_missing_file_is_named_with_how_to_get_it(
    put: Put, name: str, contents: Contents, missing: str
) -> None:
    put(name, {path: content for path, content in contents.items() if missing not in path})
    said, entry = refusal(name), entries()[name]
    assert said.startswith(f"{entry.repository} at revision {entry.revision} has ")
    assert missing in said.partition(" in ")[0]
    assert "hf download --repo-type dataset" in said


def test_the_corpus_of_miracl_is_missed_by_its_own_name(put: Put) -> None:
    put("miracl/sw", replica.miracl_topics("sw"))
    said = refusal("miracl/sw")
    assert said.startswith("miracl/miracl-corpus at revision d921ec7e")
    assert "--include 'miracl-corpus-v1.0-sw/docs-*.jsonl.gz'" in said


@pytest.mark.parametrize("name", ["miracl/sw", "mldr/en", "nanobeir/nfcorpus"])
def test_offline_without_the_data_the_sentence_says_what_to_do(name: str) -> None:
    said, entry = refusal(name), entries()[name]
    assert said.startswith(
        f"{entry.repository} at revision {entry.revision} is not on this machine"
    )
    assert "HF_HUB_OFFLINE is set" in said
    assert f"hf download --repo-type dataset {entry.repository} --revision {entry.revision}" in said


def test_another_revision_in_the_cache_does_not_serve(cache: Path) -> None:
    entry = entries()["beir/nfcorpus"]
    replica.put(cache, entry.repository, "0" * 40, replica.mteb_single())
    assert f"{entry.repository} at revision {entry.revision} is not on" in refusal(entry.name)


def test_a_split_that_is_not_there_is_answered_with_those_that_are(put: Put) -> None:
    put("beir/nfcorpus", replica.mteb_single())
    assert "There is no split 'dev' in beir/nfcorpus (qrels). There: test, train." in refusal(
        "beir/nfcorpus", "dev"
    )


def test_a_card_without_the_configs_is_said(put: Put) -> None:
    put("miracl-hard-negatives/sw", replica.mteb_several("yo"))
    said = refusal("miracl-hard-negatives/sw")
    assert "has no config sw-corpus or corpus-sw. It has: yo-corpus" in said


def test_a_damaged_shard_is_said(miracl: Path) -> None:
    shard = miracl / "miracl-corpus-v1.0-sw" / "docs-1.jsonl.gz"
    shard.resolve().write_bytes(shard.read_bytes()[:-12])
    assert "docs-1.jsonl.gz is damaged" in refusal("miracl/sw")


def test_every_entry_has_a_reader_a_pinned_commit_and_numbers() -> None:
    for entry in entries().values():
        assert len(entry.revision) == 40, entry.name
        assert entry.layout in {"miracl", "mldr", "mteb", "xquad"}, entry.name
        numbers = (entry.passages, entry.queries, entry.characters)
        assert min(numbers) > 0, entry.name
        assert entry.languages, entry.name
    assert dataclasses.astuple(entries()["miracl/sw"])[-3:] == (131_924, 482, 230)
