"""The page as verbs and readings: where things stand in it is known here, not in the tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, Request, TimeoutError, expect

expect.set_options(timeout=30_000)

ENCODING = 180_000  # ms that encoding or evaluating may take on two busy cores
HIT_SCRIPT = """(hits) => hits.map((hit) => ({
  passage: hit.dataset.passage, rank: Number(hit.dataset.rank), score: Number(hit.dataset.score),
  title: hit.querySelector(".title").textContent, total: hit.querySelector(".total").textContent,
  text: hit.querySelector(".passage").textContent,
  rows: [...hit.querySelectorAll(".ledger tbody tr")].map(
    (row) => [...row.children].map((cell) => cell.textContent)),
}))"""

ORDER_SCRIPT = """(ids) => JSON.stringify(ids) === JSON.stringify(
  [...document.querySelectorAll("#results [data-passage]")].map((hit) => hit.dataset.passage))"""


def number(text: str) -> float:
    """A number as the page writes it: a real minus sign, perhaps × before it."""
    return float(text.replace("−", "-").replace("×", "").replace(",", "").strip())


@dataclass
class Guard:
    """Notes what a good page never does: ask another host, throw, write errors."""

    context: BrowserContext
    url: str
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.on("request", self._watch)
        self.context.on("weberror", lambda error: self.faults.append(f"thrown: {error.error}"))
        self.context.on("console", self._listen)

    def _watch(self, request: Request) -> None:
        if not request.url.startswith((f"{self.url}/", "data:", "blob:")):
            self.faults.append(f"asked for {request.url}")

    def _listen(self, message: Any) -> None:
        if message.type == "error":
            self.faults.append(f"console: {message.text} {message.location}")


@dataclass(frozen=True)
class Hit:
    """A result as it stands on the page; `rows` are the ledger's cells under their headings."""

    passage: str
    rank: int
    score: float
    title: str
    total: str
    text: str
    rows: list[list[str]]

    def column(self, at: int) -> list[float]:
        """1 raw, 3 value, 4 weight, 5 adds; each for dense, sparse, multi_vector."""
        return [number(row[at]) for row in self.rows]


class Studio:
    """One visitor's page."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url

    def open(self, path: str = "") -> None:
        self.page.goto(self.url + path, wait_until="domcontentloaded")
        self.page.locator("#ready").wait_for(state="attached")

    def at(self, selector: str) -> Locator:
        return self.page.locator(selector)

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name, exact=True).click()

    def write(self, field: str, text: str) -> Locator:
        """Fill a field that has just come into sight, as slowly as a person would.

        Gradio gives such a field its first value once more, up to 200 ms later on a busy machine.
        """
        box = self.at(field)
        box.fill(text)
        self.page.wait_for_timeout(300)
        if box.input_value() != text:
            box.fill(text)
        expect(box).to_have_value(text)
        return box

    @property
    def toast(self) -> Locator:
        return self.page.locator("[data-testid=toast-body]").last

    # Corpus

    def upload(self, *paths: Path) -> None:
        self.at("#corpus-upload input[type=file]").set_input_files(list(paths))

    def tile(self, name: str) -> Locator:
        """A number of what was read: documents, passages, tokens."""
        tiles = self.at("#corpus-summary .tiles > div")
        return tiles.filter(has=self.page.get_by_text(name, exact=True)).locator("dd")

    def encode(self, name: str | None = None) -> None:
        """Press Encode and wait until the collection is kept."""
        if name is not None:
            self.at("#corpus-name").get_by_role("textbox").fill(name)
        self.at("#corpus-encode").click()
        expect(self.at("#corpus-status")).to_contain_text("Kept as", timeout=ENCODING)

    def cells(self, table: str, column: int) -> list[str]:
        """A column of a table, as far as its rows are drawn."""
        found = self.at(f"{table} [data-testid^=cell-][data-testid$='-{column}']")
        return [text.strip() for text in found.all_inner_texts()]

    # Evaluate

    def name_collection(self, name: str) -> None:
        """Write a name, or a folder, into the box of collections."""
        box = self.at("#collection input")
        box.fill(name)
        box.press("Enter")
        expect(box).to_have_value(name)

    def evaluate(self, collection: str) -> None:
        """Run an evaluation and wait until all of it is drawn."""
        self.tab("Evaluate")
        self.name_collection(collection)
        self.at("#evaluate-go").click()
        expect(self.at("#evaluate-status")).to_contain_text("protocol", timeout=ENCODING)
        expect(self.at("#why-not")).to_contain_text("Not comparable")
        expect(self.at("#evaluate-power")).to_contain_text("measured here")  # it comes last

    # Search

    def choose(self, dropdown: str, value: str) -> None:
        self.at(f"{dropdown} input").click()
        self.page.get_by_role("option", name=value, exact=True).click()

    def search(self, query: str, collection: str | None = None) -> list[Hit]:
        """Search by the button; gives the hits."""
        self.tab("Search")
        if collection:
            self.choose("#search-collection", collection)
        self.at("#query textarea").fill(query)
        self.at("#search-go").click()
        self.at("#results [data-passage]").first.wait_for()
        self.at("#results ol[aria-busy=false]").wait_for()
        return self.hits()

    def hits(self) -> list[Hit]:
        """The list at hand, once its texts are there."""
        expect(self.at("#results .passage.wait")).to_have_count(0)
        found = self.at("#results [data-passage]").evaluate_all(HIT_SCRIPT)
        return [Hit(**values) for values in found]

    def order(self) -> list[str]:
        return self.at("#results [data-passage]").evaluate_all(
            "(hits) => hits.map((hit) => hit.dataset.passage)"
        )

    def expect_order(self, passages: list[str]) -> None:
        """The hits stand in this order, after the frame that draws them."""
        with suppress(TimeoutError):  # then the assertion shows both orders
            self.page.wait_for_function(ORDER_SCRIPT, arg=passages, timeout=5_000)
        assert self.order() == passages

    def slider(self, mode: str) -> Locator:
        return self.at(f"#weight-{mode}").get_by_test_id("range-input")

    def weights(self) -> list[float]:
        modes = ("dense", "sparse", "multi-vector")
        return [float(self.slider(mode).input_value()) for mode in modes]

    def weigh(self, *weights: float) -> None:
        for mode, weight in zip(("dense", "sparse", "multi-vector"), weights, strict=True):
            self.slider(mode).fill(str(weight))

    @contextmanager
    def requests(self) -> Iterator[list[str]]:
        """What is asked of the server in the meantime, the heartbeat's stream left out."""
        seen: list[str] = []

        def note(request: Request) -> None:
            if "/heartbeat/" not in request.url and not request.url.startswith("data:"):
                seen.append(f"{request.method} {request.url}")

        self.page.on("request", note)
        yield seen
        self.page.remove_listener("request", note)
