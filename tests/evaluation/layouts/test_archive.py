"""Collections in zips: found wherever they lie inside, refused where they are broken."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from eval import collection
from eval.layouts import archive
from studio.errors import ReadingError
from tests.evaluation.conftest import Beir


@pytest.fixture
def zipped(beir: Beir, tmp_path: Path) -> Path:
    """The small collection in a zip, one folder down, with what some systems add."""
    folder, path = beir(), tmp_path / "tiny.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for file in sorted(folder.rglob("*.*")):
            if file.is_file():
                made.write(file, f"tiny/{file.relative_to(folder)}")
        made.writestr("__MACOSX/tiny/._corpus.jsonl", "junk")
        made.writestr("tiny/script.py", "raise SystemExit")
    return path


def test_a_zip_gives_what_its_folder_gives(zipped: Path, tmp_path: Path) -> None:
    folder = collection.load(str(tmp_path / "tiny" / "beir"))
    loaded = collection.load(str(zipped))
    assert loaded.name == "tiny"
    assert (loaded.passages, loaded.queries, loaded.qrels) == (
        folder.passages,
        folder.queries,
        folder.qrels,
    )


def test_nothing_of_it_stays_on_the_disk(zipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = zipped.parent / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    with archive.unpacked(zipped) as folder:
        assert (folder / "corpus.jsonl").is_file()
        assert not (folder / "script.py").exists()
    assert list(place.iterdir()) == []


def test_a_name_that_leads_out_is_not_followed(zipped: Path) -> None:
    with zipfile.ZipFile(zipped, "a") as made:
        made.writestr("../outside.jsonl", "out")
        made.writestr("/tmp/absolute.jsonl", "out")
        made.writestr("tiny/../../outside.jsonl", "out")
    assert len(collection.load(str(zipped)).passages) == 5
    assert not list(zipped.parent.rglob("outside.jsonl"))


def test_a_bomb_is_refused_by_what_it_unpacks_to(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("corpus.jsonl", "0" * 30_000_000)
    with pytest.raises(ReadingError, match="unpacks to more than 100 times its size"):
        collection.load(str(path))


@pytest.mark.parametrize("damage", ["cut", "flipped", "text"])
def test_a_broken_zip_is_said(zipped: Path, damage: str) -> None:
    content = zipped.read_bytes()
    if damage == "flipped":
        middle = content.index(b"corpus.jsonl") + 60
        content = (
            content[:middle]
            + bytes(b ^ 255 for b in content[middle : middle + 8])
            + (content[middle + 8 :])
        )
    zipped.write_bytes({"cut": content[:200], "text": b"no zip"}.get(damage, content))
    with pytest.raises(ReadingError, match=r"tiny\.zip is broken .* Fetch it again"):
        collection.load(str(zipped))


def test_a_file_that_is_no_zip_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text("{}", "utf-8")
    with pytest.raises(ReadingError, match=r"corpus\.jsonl is no folder and no zip"):
        collection.load(str(path))
