"""A public server: strangers come by, and do not see each other's collections."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import expect

from eval.collection import ASSETS
from studio.ui.session import VISITOR_LIMITS
from tests.e2e.conftest import Open, Site, Write


def left(site: Site) -> list[Path]:
    """Collections that visitors have on the server's disk."""
    return list(site.server.visitors.glob("*/collections/*/collection.json"))


def test_two_visitors_do_not_see_each_other_s_collections(
    visit: Open, public_site: Site, write: Write
) -> None:
    one, other = visit(public_site), visit(public_site)
    for studio, word in ((one, "heron"), (other, "owl")):
        studio.upload(write(f"{word}.csv", f"id,text\n{word},A {word} in the reeds\n"))
        expect(studio.tile("passages")).to_have_text("1")
        studio.encode("mine")
    assert [hit.passage for hit in one.search("bird", "mine")] == ["heron"]
    assert [hit.passage for hit in other.search("bird", "mine")] == ["owl"]
    assert len(left(public_site)) == 2


def test_what_a_visitor_kept_is_deleted_when_the_page_is_closed(
    visit: Open, public_site: Site, write: Write
) -> None:
    studio = visit(public_site)
    studio.upload(write("heron.csv", "id,text\nheron,A heron\n"))
    expect(studio.tile("passages")).to_have_text("1")
    studio.encode("mine")
    kept = left(public_site)
    assert kept
    studio.page.close()
    patience = time.monotonic() + 30
    while left(public_site) and time.monotonic() < patience:
        time.sleep(0.1)
    assert left(public_site) == []


def test_visitors_are_told_what_happens_to_their_files(visit: Open, public_site: Site) -> None:
    notice = visit(public_site).at("#privacy")
    expect(notice).to_contain_text("This is a public server. What you upload is visible to you")
    expect(notice).to_contain_text(f"{VISITOR_LIMITS.passages:,} passages")


def test_a_visitor_cannot_evaluate_a_folder_of_the_server(public_site: Site) -> None:
    client = Client(public_site.url, verbose=False, analytics_enabled=False)
    with pytest.raises(AppError, match="On this public server these collections can be evaluated"):
        client.predict(str(ASSETS / "atlas"), api_name="/evaluate")
    client.close()
