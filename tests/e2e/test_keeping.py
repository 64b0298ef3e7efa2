"""Collections that are kept: found again, renamed, deleted; and work that is stopped half way."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from studio.workspace import Workspace
from tests.e2e.conftest import OpenWith, Site, Write
from tests.e2e.driver import Studio


def test_encode_keeps_a_collection_that_is_there_after_a_reload(
    studio: Studio, site: Site, write: Write
) -> None:
    studio.upload(write("birds.csv", "id,text\na,A grey bird\nb,An owl\n"))
    expect(studio.tile("passages")).to_have_text("2")
    studio.encode("my birds")
    expect(studio.at("#corpus-status")).to_contain_text("Kept as 'my birds': 2 passages")
    expect(studio.at("#corpus-status").get_by_role("progressbar")).to_have_attribute(
        "aria-valuenow", "100"
    )
    expect(studio.at("#kept")).to_contain_text("my birds")
    studio.tab("Search")
    expect(studio.at("#search-collection input")).to_have_value("my birds")
    studio.open()
    expect(studio.at("#kept")).to_contain_text("my birds")
    assert {hit.passage for hit in studio.search("owl", "my birds")} == {"a", "b"}
    assert Workspace(site.server.home).get("my birds").documents == 2


def test_encoding_tells_of_progress_and_can_be_cancelled_leaving_what_was_there(
    studio: Studio, site: Site
) -> None:
    before = Workspace(site.server.home).get("atlas")
    studio.at("#corpus-sample").click()
    expect(studio.tile("passages")).to_have_text("432")
    studio.at("#replace").get_by_role("checkbox").check()
    studio.at("#corpus-encode").click()
    status = studio.at("#corpus-status")
    expect(status.locator(".text")).to_have_text(re.compile(r"^[1-9]\d* of 432 passages"))
    expect(status.get_by_role("progressbar")).not_to_have_attribute("aria-valuenow", "0")
    expect(studio.at("#corpus-encode")).to_be_disabled()
    studio.at("#corpus-cancel").click()
    expect(status).to_contain_text("Everything is as it was")
    expect(studio.at("#corpus-encode")).to_be_enabled()
    assert Workspace(site.server.home).get("atlas") == before
    assert len(studio.search("lighthouse", "atlas")) == 10


def manage(studio: Studio, name: str) -> None:
    studio.at("#housekeeping").get_by_role("button", name="Rename or delete").click()
    studio.choose("#kept-chosen", name)


def test_a_collection_is_renamed_and_searched_under_its_new_name(open_with: OpenWith) -> None:
    studio = open_with("birds", a="A grey bird", b="An owl")
    manage(studio, "birds")
    studio.at("#new-name").get_by_role("textbox").fill("owls & herons")
    studio.at("#rename").click()
    expect(studio.at("#kept")).to_contain_text("owls & herons")
    expect(studio.at("#new-name").get_by_role("textbox")).to_have_value("")
    assert len(studio.search("owl", "owls & herons")) == 2


def test_a_collection_cannot_take_the_name_of_another(open_with: OpenWith) -> None:
    studio = open_with("birds", a="A grey bird")
    manage(studio, "birds")
    studio.at("#new-name").get_by_role("textbox").fill("atlas")
    studio.at("#rename").click()
    expect(studio.toast).to_contain_text("The name 'atlas' is taken")
    expect(studio.at("#kept")).to_contain_text("birds")
    studio.at("#new-name").get_by_role("textbox").click()  # no error lies over the box


def test_a_collection_is_deleted_only_if_the_box_is_ticked(open_with: OpenWith, site: Site) -> None:
    studio = open_with("birds", a="A grey bird")
    manage(studio, "birds")
    studio.at("#delete").click()
    expect(studio.toast).to_contain_text("Tick 'Yes, delete it' first")
    assert "birds" in Workspace(site.server.home).names()
    studio.at("#sure").get_by_role("checkbox").check()
    studio.at("#delete").click()
    expect(studio.at("#kept")).not_to_contain_text("birds")
    expect(studio.at("#sure").get_by_role("checkbox")).not_to_be_checked()
    assert Workspace(site.server.home).names() == ["atlas"]
    studio.tab("Search")
    expect(studio.at("#search-collection input")).to_have_value("atlas")


def test_a_rename_keeps_what_is_chosen_and_what_was_found(open_with: OpenWith) -> None:
    studio = open_with("birds", a="A grey bird", b="An owl")
    found = studio.search("owl", "birds")
    studio.tab("Corpus")
    manage(studio, "birds")
    studio.at("#new-name").get_by_role("textbox").fill("owls")
    studio.at("#rename").click()
    expect(studio.at("#kept-chosen input")).to_have_value("owls")
    studio.tab("Search")
    expect(studio.at("#search-collection input")).to_have_value("owls")
    assert studio.hits() == found
    studio.at("#results .why").first.click()
    expect(studio.at("#reasons")).to_contain_text("ColBERT")


def test_a_tick_agrees_to_one_deletion_alone_and_a_deleted_collection_leaves_no_results(
    open_with: OpenWith,
) -> None:
    studio = open_with("birds", a="A grey bird", b="An owl")
    studio.search("owl", "birds")
    studio.tab("Corpus")
    manage(studio, "atlas")
    studio.at("#sure").get_by_role("checkbox").check()
    studio.choose("#kept-chosen", "birds")
    expect(studio.at("#sure").get_by_role("checkbox")).not_to_be_checked()
    studio.at("#sure").get_by_role("checkbox").check()
    studio.at("#delete").click()
    expect(studio.at("#kept")).not_to_contain_text("birds")
    studio.tab("Search")
    expect(studio.at("#results .status")).to_contain_text("No search yet")
    expect(studio.at("#results [data-passage]")).to_have_count(0)
