"""The tab Corpus: from files to a kept collection."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Write
from tests.e2e.driver import Studio, number

WOODS = "The heron waits in the reeds. " * 60
FILES = {
    "birds.csv": "id,title,text\na,Heron,A grey bird in the reeds\nb,Owl,It hunts at night\n",
    "birds.jsonl": '{"_id": "a", "contents": "A grey bird"}\n{"_id": "b", "contents": "An owl"}\n',
    "birds.txt": "A grey bird stands in the reeds and waits.",
}


def test_the_badge_names_the_encoder_and_says_why(studio: Studio) -> None:
    badge = studio.at("#encoder-badge")
    expect(badge.locator(".name")).to_have_text("embedded · multilingual-e5-small, tuned")
    expect(badge.locator(".state")).to_contain_text("ready")
    expect(badge.locator(".reason")).to_have_text("Chosen because asked for by name.")


@pytest.mark.parametrize(("name", "documents"), [("csv", 2), ("jsonl", 2), ("txt", 1)])
def test_an_upload_shows_what_was_read(
    studio: Studio, write: Write, name: str, documents: int
) -> None:
    studio.upload(write(f"birds.{name}", FILES[f"birds.{name}"]))
    expect(studio.tile("documents")).to_have_text(str(documents))
    expect(studio.tile("passages")).to_have_text(str(documents))
    assert number(studio.tile("tokens").inner_text()) > 4 * documents
    expect(studio.at("#corpus-preview [data-testid=cell-0-2]")).to_contain_text("A grey bird")
    expect(studio.at("#corpus-name").get_by_role("textbox")).to_have_value("birds")


def test_several_files_are_read_together(studio: Studio, write: Write) -> None:
    studio.upload(write("one.txt", "A grey bird."), write("two.csv", FILES["birds.csv"]))
    expect(studio.tile("documents")).to_have_text("3")
    expect(studio.at("#corpus-preview")).to_contain_text("two.csv")


def test_moving_the_cut_changes_the_passages_before_anything_is_encoded(
    studio: Studio, write: Write
) -> None:
    studio.upload(write("woods.txt", f"{WOODS}\n\n{WOODS}"))
    expect(studio.tile("passages")).not_to_have_text("1")
    before = number(studio.tile("passages").inner_text())
    studio.at("#size").get_by_test_id("range-input").fill("64")
    expect(studio.tile("passages")).not_to_have_text(f"{before:g}")
    assert number(studio.tile("passages").inner_text()) > before
    studio.at("#cut").get_by_label("Not at all").check()
    expect(studio.tile("passages")).to_have_text("1")
    expect(studio.at("#corpus-status .text")).to_have_text("")


def test_what_was_read_follows_the_list_of_files(studio: Studio, write: Write) -> None:
    studio.upload(write("birds.csv", "id,text\na,A grey bird\nb,An owl\n"), write("fox.txt", "Fox"))
    expect(studio.tile("documents")).to_have_text("3")
    studio.at("#corpus-upload tr.file button").first.click()
    expect(studio.tile("documents")).to_have_text("1")
    studio.at("#corpus-upload").get_by_role("button", name="Clear").click()
    expect(studio.at("#corpus-summary .status")).to_contain_text("Upload files or take the sample")
    studio.at("#corpus-encode").click()
    expect(studio.toast).to_contain_text("nothing to encode yet")
