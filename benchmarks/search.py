"""How long a search takes, warm, from pressing Search to the first result in the browser.

    python benchmarks/search.py ../shared/data/cranfield --passages 1000

Encodes the first N passages of a BEIR folder with the chosen encoder, opens the page in Chromium
and searches the folder's queries. Prints and keeps server and browser times in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

from playwright.sync_api import sync_playwright

from eval.collection import load
from studio.encoders import load as load_encoder
from studio.ingest import ingest
from studio.passages import CutSettings
from studio.records import Document
from studio.workspace import Workspace


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("collection")
    parser.add_argument("--passages", type=int, default=1_000)
    parser.add_argument("--queries", type=int, default=20)
    parser.add_argument("--encoder", default="embedded")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/search.json")
    arguments = parser.parse_args()
    collection = load(arguments.collection)
    documents = [Document(p.id, p.text, p.title) for p in collection.passages if p.text.strip()][
        : arguments.passages
    ]
    queries = [query.text for query in collection.queries][: arguments.queries + 1]
    with tempfile.TemporaryDirectory() as home:
        encoder = load_encoder(arguments.encoder)
        made = ingest(Workspace(Path(home)), encoder, documents, "bench", CutSettings("none"))
        times = serve_and_drive(home, arguments.encoder, queries)
    first, warm = times[0], times[1:]
    report = {
        "collection": collection.name,
        "passages": made.passages,
        "tokens": made.tokens,
        "encoder": encoder.title,
        "encode_seconds": made.seconds,
        "queries": len(warm),
        "first_ms": first,
        "warm_browser_ms": spread([browser for browser, _ in warm]),
        "warm_server_ms": spread([server for _, server in warm]),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}",
    }
    arguments.output.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    print(json.dumps(report, indent=1))


def serve_and_drive(home: str, encoder: str, queries: list[str]) -> list[tuple[float, float]]:
    """Search on a server of its own process, as a visitor meets it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    flags = ["--port", str(port), "--home", home, "--encoder", encoder]
    server = subprocess.Popen([sys.executable, "app.py", *flags], cwd=ROOT, stdout=subprocess.PIPE)
    assert server.stdout is not None  # asked for above
    try:
        next(line for line in server.stdout if b"http" in line)
        return drive(f"http://127.0.0.1:{port}", queries)
    finally:
        server.terminate()
        server.wait()


def drive(url: str, queries: list[str]) -> list[tuple[float, float]]:
    """(browser, server) milliseconds of each query, in order."""
    program = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.goto(url, wait_until="domcontentloaded")
        page.locator("#encoder-badge .dot[data-state=ready]").wait_for(timeout=120_000)
        page.get_by_role("tab", name="Search").click()
        page.locator("#query textarea").wait_for()
        times = [search(page, query) for query in queries]
        browser.close()
    return times


def search(page: Any, query: str) -> tuple[float, float]:
    """Press Search; wait, within the page, for the first card of this query."""
    page.locator("#query textarea").fill(query)
    page.evaluate("document.querySelector('#results ol').replaceChildren()")
    time.sleep(0.3)
    took = page.evaluate(
        """() => new Promise((resolve) => {
          const list = document.querySelector('#results ol'), start = performance.now();
          new MutationObserver((_, watch) => { if (list.querySelector('[data-passage]')) {
            watch.disconnect(); requestAnimationFrame(() => resolve(performance.now() - start)); }
          }).observe(list, { childList: true });
          const go = document.getElementById('search-go');
          (go.matches('button') ? go : go.querySelector('button')).click();
        })"""
    )
    status = page.locator("#results .status").inner_text()
    return took, float(status.rsplit("· ", 1)[1].split(" ms")[0])


def spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "median": round(statistics.median(ordered), 1),
        "p90": round(ordered[int(0.9 * (len(ordered) - 1))], 1),
        "max": round(ordered[-1], 1),
    }


if __name__ == "__main__":
    main()
