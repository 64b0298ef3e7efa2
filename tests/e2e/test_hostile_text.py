"""Text of a corpus is text: it never runs, and never becomes an element of the page."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from tests.e2e.conftest import Open, Site, Write
from tests.e2e.driver import Studio

IMAGE = "<img src=x onerror=\"window.hacked='image'\">"
SCRIPT = "<script>window.hacked='script'</script>"
TEMPLATE = "${window.hacked='literal'} ${1+1} {{x}} {{{x}}} \\u0041 c:\\new"
TITLE = f"{IMAGE} heron"
TEXT = f"{SCRIPT} {IMAGE} {TEMPLATE} <b>bold</b> &amp; heron"


def expect_harmless(studio: Studio) -> None:
    assert studio.page.evaluate("window.hacked") is None
    assert studio.page.locator("img[src=x], img[onerror]").count() == 0
    scripts = "(all) => all.filter((s) => s.textContent.startsWith('window.hacked')).length"
    assert studio.page.locator("script").evaluate_all(scripts) == 0


def test_html_in_a_corpus_stays_text_everywhere(studio: Studio, write: Write) -> None:
    line = {"_id": "<i>one</i>", "title": TITLE, "text": TEXT, "language": "<u>en</u>"}
    other = {"_id": "two", "title": "Owl", "text": "An owl", "language": "en"}
    studio.upload(write("birds.jsonl", f"{json.dumps(line)}\n{json.dumps(other)}\n"))
    preview = studio.at("#corpus-preview")
    expect(preview.get_by_test_id("cell-0-1")).to_have_text(TITLE)
    expect(preview.get_by_test_id("cell-0-2")).to_contain_text(SCRIPT)
    expect(studio.at("#corpus-summary")).to_contain_text("<u>en</u>")
    expect_harmless(studio)

    studio.encode(f"{IMAGE} a & b".replace("/", ""))
    expect(studio.at("#corpus-status")).to_contain_text(IMAGE)
    expect(studio.at("#kept")).to_contain_text(IMAGE)
    expect_harmless(studio)

    studio.tab("Search")
    expect(studio.at("#search-collection input")).to_have_value(f"{IMAGE} a & b")
    expect(studio.at("#examples")).to_contain_text("<img src=x")
    hit = studio.search(f"{IMAGE} heron {TEMPLATE}")[0]
    assert (hit.passage, hit.title, hit.text) == ("<i>one</i>", TITLE, TEXT)
    studio.at("#results .why").first.click()
    expect(studio.at("#reasons h3")).to_have_text(TITLE)
    expect_harmless(studio)

    studio.tab("Weights")
    expect(studio.at("#simplex .status")).to_contain_text(TEMPLATE)
    expect(studio.at("#simplex .legend")).to_contain_text(TITLE)
    expect_harmless(studio)


def test_html_in_the_name_of_a_column_stays_text_in_the_toast(studio: Studio, write: Write) -> None:
    studio.upload(write("birds.csv", f'"{IMAGE.replace(chr(34), chr(34) * 2)}",b\n1,2\n'))
    expect(studio.toast).to_contain_text("<img src=x onerror=")
    expect_harmless(studio)


def test_html_in_a_judged_collection_stays_text_in_evaluate(
    visit: Open, site: Site, write: Write
) -> None:
    write("corpus.jsonl", json.dumps({"_id": "<b>1</b>", "title": TITLE, "text": TEXT}) + "\n")
    query = {
        "_id": "<b>q</b>",
        "text": f"{IMAGE} {TEMPLATE}",
        "kind": IMAGE,
        "language": "<u>x</u>",
    }
    folder = write("queries.jsonl", json.dumps(query) + "\n").parent
    (folder / "qrels").mkdir()
    write("qrels/test.tsv", "query-id\tcorpus-id\tscore\n<b>q</b>\t<b>1</b>\t2\n")
    studio = visit(site)
    studio.evaluate(str(folder))
    expect_harmless(studio)
    studio.at("#evaluate-view").get_by_label("By kind of query").check()
    expect(studio.at("#evaluate-table").get_by_test_id("cell-0-0")).to_have_text(IMAGE)
    expect(studio.at("#evaluate-figure .js-plotly-plot .ytick")).to_have_count(1)
    studio.at("#evaluate-queries").get_by_test_id("cell-0-1").click()
    expect(studio.at("#returned h3")).to_have_text(query["text"])
    expect(studio.at("#returned .title").first).to_have_text(TITLE)
    expect_harmless(studio)
