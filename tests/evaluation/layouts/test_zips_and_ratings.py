"""Zips as people make and damage them, ratings as spreadsheets write them, folders of languages."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from eval import collection, several
from studio.errors import ReadingError

ROOT = Path(__file__).resolve().parents[3]
BEIR = {
    "corpus.jsonl": '{"_id": "a", "text": "x"}\n',
    "queries.jsonl": '{"_id": "q", "text": "x"}\n',
    "qrels/test.tsv": "query-id\tcorpus-id\tscore\nq\ta\t1\n",
}
CSV = {"corpus.csv": "id,text\na,x\n", "ratings.csv": "query,docid,rating\nx,a,1\n"}
TREC = {"corpus.tsv": "a\tx\n", "topics.tsv": "q\tx\n", "qrels.txt": "q 0 a 1\n"}


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where zips are unpacked: empty again after every test."""
    place = tmp_path / "scratch"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    yield
    assert list(place.iterdir()) == []


def zipped(path: Path, files: Mapping[str, str], kind: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def written(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def refusal(path: Path) -> str:
    with pytest.raises(ReadingError) as refused:
        collection.load(str(path))
    return str(refused.value)


@pytest.mark.parametrize("files", [BEIR, CSV, TREC])
@pytest.mark.parametrize("below", ["", "set/", "one/two/"])
def test_a_collection_is_found_at_the_top_or_below_beside_a_readme(
    tmp_path: Path, files: Mapping[str, str], below: str
) -> None:
    inside = {"README.txt": "hello"} | {f"{below}{name}": text for name, text in files.items()}
    loaded = collection.load(str(zipped(tmp_path / "set.zip", inside)))
    assert [p.text for p in loaded.passages] == ["x"]
    assert [q.text for q in loaded.queries] == ["x"]


def test_what_a_zip_lacks_is_told_by_the_zip_s_name(tmp_path: Path) -> None:
    half = {name: text for name, text in BEIR.items() if name != "queries.jsonl"}
    said = refusal(zipped(tmp_path / "half.zip", half))
    assert said.startswith("half.zip holds no queries.jsonl. BEIR's layout is")
    assert "TREC (" in said


def test_a_small_bomb_is_refused_with_both_sizes(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bomb.zip", {"corpus.jsonl": " " * 1_000_000})
    assert refusal(path) == (
        f"bomb.zip ({path.stat().st_size:,} bytes) unpacks to more than 100 times its size, "
        "1,000,000 bytes; that is no test collection."
    )


def test_a_bomb_that_lies_about_its_size_is_broken(tmp_path: Path) -> None:
    path = zipped(tmp_path / "liar.zip", {"corpus.jsonl": " " * 10_000_000})
    meant, said = (size.to_bytes(4, "little") for size in (10_000_000, 1_000))
    path.write_bytes(path.read_bytes().replace(meant, said))
    assert refusal(path).startswith("liar.zip is broken (Bad CRC-32")


@pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("at", [0.1, 0.2, 0.3, 0.5, 0.9])
def test_a_zip_damaged_anywhere_is_read_rightly_or_a_sentence(
    tmp_path: Path, kind: int, at: float
) -> None:
    path = zipped(tmp_path / "damaged.zip", BEIR, kind)
    content = bytearray(path.read_bytes())
    place = int(len(content) * at)
    content[place : place + 12] = b"\xff" * 12
    path.write_bytes(content)
    try:  # some bytes are of no account, such as the hour
        assert collection.load(str(path)).qrels == {"q": {"a": 1}}
    except ReadingError as error:
        assert str(error).startswith("damaged.zip ")  # noqa: PT017  (either will do)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({**BEIR, "y" * 300 + ".txt": "x"}, "name.zip cannot be unpacked: File name too long."),
        ({"a": "x", "a/corpus.jsonl": "x"}, "name.zip cannot be unpacked: File exists."),
        ({f"{n}.txt": "x" for n in range(10_001)}, "name.zip holds 10,001 files; at most 10,000"),
    ],
    ids=["long", "file and folder", "many"],
)
def test_names_that_cannot_be_written_are_a_sentence(
    tmp_path: Path, files: Mapping[str, str], said: str
) -> None:
    assert refusal(zipped(tmp_path / "name.zip", files)).startswith(said)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_ratings_may_be_divided_as_any_spreadsheet_does(tmp_path: Path, delimiter: str) -> None:
    ratings = CSV["ratings.csv"].replace(",", delimiter).replace("x", f'"x{delimiter} y"')
    loaded = collection.load(str(written(tmp_path / "set", CSV | {"ratings.csv": ratings})))
    assert [q.text for q in loaded.queries] == [f"x{delimiter} y"]
    assert loaded.qrels == {"q1": {"a": 1}}


def test_a_text_longer_than_the_csv_module_takes_is_read(tmp_path: Path) -> None:
    folder = written(tmp_path / "set", CSV | {"corpus.csv": f"id,text\na,{'x ' * 100_000}\n"})
    assert len(collection.load(str(folder)).passages[0].text) == 200_000


def test_a_quotation_mark_left_open_is_told_by_its_line(tmp_path: Path) -> None:
    folder = written(tmp_path / "set", CSV | {"corpus.csv": 'id,text\nb,y\na,"x\n'})
    assert refusal(folder).startswith("corpus.csv, line 3 is not CSV: ")


def test_languages_may_lie_in_any_layout_and_none_is_left_out(tmp_path: Path) -> None:
    for language, files in (("de", BEIR), ("en", TREC), ("sw", CSV)):
        written(tmp_path / "set" / language, files)
    names = [one.name for one in several.load(str(tmp_path / "set"))]
    assert names == ["set/de", "set/en", "set/sw"]
    (tmp_path / "set" / "en" / "qrels.txt").unlink()
    with pytest.raises(ReadingError, match="en holds no collection"):
        several.load(str(tmp_path / "set"))


def broken(folder: Path) -> Path:
    (folder / "x.zip").write_bytes(b"PK\3\4 and no more")
    return folder / "x.zip"


def bomb(folder: Path) -> Path:
    return zipped(folder / "x.zip", {"corpus.jsonl": " " * 1_000_000})


def half(folder: Path) -> Path:
    return zipped(folder / "x.zip", {"corpus.jsonl": BEIR["corpus.jsonl"]})


def empty(folder: Path) -> Path:
    return written(folder / "x", {"notes.md": "nothing"})


def no_grade(folder: Path) -> Path:
    return zipped(folder / "x.zip", TREC | {"qrels.txt": "q 0 a high\n"})


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (broken, "x.zip is broken (File is not a zip file). Fetch it again."),
        (bomb, "unpacks to more than 100 times its size, 1,000,000 bytes"),
        (half, "x.zip holds no queries.jsonl."),
        (empty, "holds no collection. Layouts: BEIR (corpus.jsonl, queries.jsonl, qrels/test.tsv)"),
        (no_grade, "qrels.txt, line 1: the grade 'high' is not a whole number."),
    ],
)
def test_the_command_says_it_in_one_line_and_ends_with_2(
    tmp_path: Path, make: Callable[[Path], Path], said: str
) -> None:
    environment = os.environ | {"STUDIO_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1"}
    line = [sys.executable, "-m", "eval", "run", str(make(tmp_path)), "--json"]
    done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    [told] = done.stderr.splitlines()
    assert told.startswith("python -m eval: ")
    assert said in told
    assert not (tmp_path / "home").exists()
