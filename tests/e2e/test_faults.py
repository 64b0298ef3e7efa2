"""What cannot be done is said in a sentence, and the page stays as it was."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenWith, Write
from tests.e2e.driver import Studio

BIRDS = "id,text\na,A grey bird\n"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("colours.csv", "id,colour\na,red\n", "no column named as a text; its columns are: id, co"),
        ("empty.txt", "", "empty.txt is empty"),
        ("lines.jsonl", '{"text": "one"}\n{"text": two}\n', "lines.jsonl: line 2 is not valid"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_and_what_was_read_stays(
    studio: Studio, write: Write, name: str, content: str, sentence: str
) -> None:
    studio.upload(write("birds.csv", BIRDS))
    expect(studio.tile("documents")).to_have_text("1")
    studio.upload(write(name, content))
    expect(studio.toast).to_contain_text(sentence)
    expect(studio.tile("documents")).to_have_text("1")
    expect(studio.at("#corpus-preview")).to_contain_text("A grey bird")
    expect(studio.at("#corpus-name").get_by_role("textbox")).to_have_value("birds")
    studio.at("#corpus-name").get_by_role("textbox").click()  # no error lies over the box


def test_the_columns_are_asked_for_where_none_is_named_as_a_text(
    studio: Studio, write: Write
) -> None:
    studio.upload(write("colours.csv", "nr,colour\n7,red\n8,blue\n"))
    expect(studio.toast).to_contain_text("no column named as a text")
    studio.at("#field-text").get_by_role("textbox").fill("colour")
    studio.at("#read-again").click()
    expect(studio.tile("documents")).to_have_text("2")
    expect(studio.at("#corpus-preview")).to_contain_text("blue")


def test_encoding_before_anything_was_read_says_so(studio: Studio) -> None:
    studio.at("#corpus-encode").click()
    expect(studio.toast).to_contain_text("nothing to encode yet")
    expect(studio.at("#corpus-encode")).to_be_enabled()


def test_a_collection_needs_a_name(studio: Studio, write: Write) -> None:
    studio.upload(write("birds.csv", BIRDS))
    expect(studio.at("#corpus-name").get_by_role("textbox")).to_have_value("birds")
    studio.at("#corpus-name").get_by_role("textbox").fill(" ")
    studio.at("#corpus-encode").click()
    expect(studio.toast).to_contain_text("needs a name")


def test_a_name_already_taken_is_refused_until_replacing_is_asked_for(
    open_with: OpenWith, write: Write
) -> None:
    studio = open_with("birds", a="An owl")
    studio.upload(write("birds.csv", "id,text\na,A grey bird\nb,A heron\n"))
    expect(studio.tile("passages")).to_have_text("2")
    studio.at("#corpus-encode").click()
    expect(studio.toast).to_contain_text("The name 'birds' is taken")
    studio.at("#replace").get_by_role("checkbox").check()
    studio.encode()
    expect(studio.at("#corpus-status")).to_contain_text("Kept as 'birds': 2 passages")


def test_a_blank_query_is_refused_and_the_results_stay(open_with: OpenWith) -> None:
    studio = open_with("birds", a="A grey bird stands in the reeds", b="An owl hunts at night")
    before = studio.search("owl", "birds")
    studio.at("#query textarea").fill("   ")
    studio.at("#search-go").click()
    expect(studio.toast).to_contain_text("The query is blank")
    assert studio.hits() == before
    studio.at("#results .why").first.click()  # and can be used: no error lies over them
    expect(studio.at("#reasons .reasons-table.multi_vector")).to_have_count(1)


def test_all_weights_at_zero_are_a_sentence_not_a_ranking(open_with: OpenWith) -> None:
    studio = open_with("birds", a="A grey bird stands in the reeds", b="An owl hunts at night")
    studio.search("owl", "birds")
    studio.weigh(0, 0, 0)
    expect(studio.at("#results .status")).to_contain_text("All three weights are 0")
    expect(studio.at("#results [data-passage]")).to_have_count(0)
    studio.weigh(0, 0, 0.5)
    expect(studio.at("#results [data-passage]")).to_have_count(2)


def test_an_emptied_k_is_said_and_ranks_nothing(open_with: OpenWith) -> None:
    studio = open_with("birds", a="A grey bird stands in the reeds", b="An owl hunts at night")
    before = studio.search("owl", "birds")
    studio.at("#normalise").get_by_label("RRF").check()
    studio.write("#rrf-k input", "")
    expect(studio.at("#results .status")).to_contain_text("RRF's k must be a number, 0 or more")
    studio.at("#search-go").click()
    expect(studio.toast).to_contain_text("RRF's k is empty")
    studio.at("#normalise").get_by_label("Raw").check()
    studio.expect_order([hit.passage for hit in before])
