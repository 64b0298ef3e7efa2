"""Pairs out of files of Debian's layout, made here; nothing is fetched from another host."""

from __future__ import annotations

import bz2
import csv
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from studio.errors import ReadingError, StudioError
from studio.training import debian, sources
from studio.training.pairs import Pair, distinct, is_held_out, sample, usable

DATA = Path(
    os.environ.get("STUDIO_TEST_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data"
)
LONG = "It finds every lighthouse along a coast and draws its beam on a map of the sea at night."

TRANSLATION = f"""Package: lights-data
Description-md5: 0
Description-en: charts of lighthouses
 {LONG}
 Second line of the same paragraph.
 .
 This package holds the data.

Package: lights
Description-md5: 1
Description-en: viewer of lighthouses
 Short.

"""

PAGE = f"""<?xml version="1.0" encoding="utf-8"?>
<page xmlns="http://projectmallard.org/1.0/" type="topic" id="beam">
  <info><desc>Why the lamp turns.</desc><credit><name>Nobody</name></credit></info>
  <title>Turning lamps</title>
  <p>{LONG}</p>
  <comment><p>Not to be read.</p></comment>
  <section id="oil"><title>Oil</title><p>Oil lamps need a keeper. {LONG}</p></section>
</page>
"""


def test_no_twelve_tokens_in_a_row_stand_in_a_test_collection_too(xlm_roberta) -> None:
    def runs(texts: Iterable[str]) -> set[tuple[int, ...]]:
        found = set()
        for text in texts:
            ids = xlm_roberta.encode(text.casefold(), add_special_tokens=False).ids
            found |= {tuple(ids[at : at + 12]) for at in range(len(ids) - 11)}
        return found

    folders = [sources.ASSETS.parent / "atlas", DATA / "cranfield", *(DATA / "xquad").glob("*")]
    files = [file for folder in folders for file in folder.glob("*.jsonl")]
    assert len(files) >= 2
    lines = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
    tested = runs(f"{line.get('title') or ''} {line['text']}" for line in lines)
    written = sources.written()
    assert len(written) > 6_000
    assert not tested & runs(text for pair in written for text in (pair.query, pair.passage))
    if not (DATA / "cranfield").is_dir():
        pytest.skip(f"{DATA} holds no cranfield (STUDIO_TEST_DATA); atlas alone was looked through")


def test_a_short_description_asks_for_the_long_one(tmp_path: Path) -> None:
    file = tmp_path / "Translation-en.bz2"
    file.write_bytes(bz2.compress(TRANSLATION.encode()))
    first, second = debian.descriptions(file, "en")
    assert first == Pair(
        "descriptions",
        "en",
        "descriptions/lights",
        "charts of lighthouses",
        f"{LONG} Second line of the same paragraph.",
    )
    assert (second.group, second.passage) == ("descriptions/lights", "Short.")
    assert usable(first)
    assert not usable(second)


def package(pages: dict[str, str]) -> bytes:
    """A Debian package: an `ar` archive with a tar of files in it."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:xz") as archive:
        for name, text in pages.items():
            entry = tarfile.TarInfo(f"./usr/share/help/{name}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    members = [("debian-binary", b"2.0\n1"), ("data.tar.xz", tar.getvalue())]
    made = b"!<arch>\n"
    for name, content in members:
        made += f"{name:<16}{0:<12}{0:<6}{0:<6}{644:<8}{len(content):<10}`\n".encode()
        made += content + b"\n" * (len(content) % 2)
    return made


def test_a_help_page_answers_its_title_its_summary_and_its_sections(tmp_path: Path) -> None:
    file = tmp_path / "help.deb"
    file.write_bytes(package({"pt_BR/lamps/beam.page": PAGE, "de/lamps/broken.page": "<page>"}))
    found = list(debian.help_pages(sources.unpacked(file)))
    assert [(pair.query, pair.passage) for pair in found] == [
        ("Turning lamps", LONG),
        ("Why the lamp turns.", LONG),
        ("Turning lamps: Oil", f"Oil lamps need a keeper. {LONG}"),
    ]
    places = {(pair.source, pair.language, pair.group) for pair in found}
    assert places == {("help", "pt-BR", "help/beam")}
    assert distinct(filter(usable, found)) == found


def test_across_languages_a_title_asks_for_a_text_that_is_translated(tmp_path: Path) -> None:
    german = PAGE.replace("Turning lamps", "Lampen, die sich drehen").replace("lighthouse", "Turm")
    pages = {"C/lamps/beam.page": PAGE, "de/lamps/beam.page": german, "fr/lamps/beam.page": PAGE}
    file = tmp_path / "help.deb"
    file.write_bytes(package(pages))
    *found, last = debian.help_pages(sources.unpacked(file))
    assert {pair.language for pair in found} == {"en", "de", "fr"}
    told = LONG.replace("lighthouse", "Turm")
    assert last in [
        Pair("across", "all", "help/beam", "Turning lamps", told),
        Pair("across", "all", "help/beam", "Lampen, die sich drehen", LONG),
    ]


def test_a_package_without_data_is_refused() -> None:
    with pytest.raises(ReadingError, match=r"no data\.tar"):
        sources.member(b"!<arch>\n", "data.tar")


def test_files_are_fetched_once_and_held_against_their_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror, folder = tmp_path / "mirror", tmp_path / "kept"
    mirror.mkdir()
    (mirror / "Translation-en.bz2").write_bytes(bz2.compress(TRANSLATION.encode()))
    monkeypatch.setattr(sources, "MIRROR", f"{mirror.as_uri()}/")
    sha = hashlib.sha256((mirror / "Translation-en.bz2").read_bytes()).hexdigest()
    path = sources.fetched(folder, "Translation-en.bz2", sha)
    (mirror / "Translation-en.bz2").unlink()
    assert sources.fetched(folder, "Translation-en.bz2", sha) == path
    with pytest.raises(StudioError, match="SHA-256 differs"):
        sources.fetched(folder, "Translation-en.bz2", "0" * 64)
    with pytest.raises(StudioError, match="cannot be fetched"):
        sources.fetched(folder, "Translation-xx.bz2", sha)


def test_the_files_are_named_with_digests() -> None:
    with (sources.ASSETS / "files.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == len(sources.files()) >= 20
    assert all(len(row["sha256"]) == 64 for row in rows)


def test_written_passages_have_three_or_four_questions_each_and_no_double() -> None:
    found = sources.written()
    assert len(found) == len({pair.query for pair in found})
    passages = [pair.passage for pair in found]
    assert {passages.count(text) for text in set(passages)} == {3, 4}


def test_pairs_that_repeat_a_query_or_anothers_passage_are_dropped() -> None:
    one = Pair("a", "en", "g", "who keeps the lamp", LONG)
    same = Pair("b", "en", "h", "Who keeps the lamp", "another passage altogether")
    again = Pair("b", "en", "h", "another query", LONG)
    german = Pair("b", "de", "h", "who keeps the lamp", LONG)
    own = Pair("a", "en", "g", "a second question", LONG)
    assert distinct([one, same, again, german, own]) == [one, german, own]
    assert not usable(Pair("a", "en", "g", "EVERY lighthouse", LONG))


def test_a_share_of_groups_is_held_out_and_samples_do_not_hang_on_the_order() -> None:
    pairs = [Pair("a", "en", f"g{n % 50}", f"query {n}", LONG) for n in range(400)]
    out = {pair.group for pair in pairs if is_held_out(pair.group, 0.2)}
    assert 3 < len(out) < 18
    assert sample(pairs, 10) == sample(pairs[::-1], 10)
