"""The page as a person meets it: a real server, the real embedded encoder, Chromium.

Every test has a fresh browser context, and fails if the page asks another host for anything,
throws, or writes an error to the console. Atlas is encoded once; what else a test keeps is deleted.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from eval.collection import ASSETS, load
from eval.evaluation import Evaluation, evaluate, score
from studio.encoders import choose
from studio.encoders.lazy import LazyEncoder
from studio.ingest import ingest
from studio.passages import CutSettings
from studio.reading import read_files
from studio.records import Document, FusionSettings
from studio.ui.session import Server
from studio.workspace import Workspace
from tests.e2e.driver import Guard, Studio

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
FLAGS += ["--disable-background-networking", "--disable-component-update"]
FLAGS += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
PATIENCE = 30_000  # ms until a step that needs no model counts as hung

Open = Callable[..., Studio]
Write = Callable[[str, str], Path]
OpenWith = Callable[..., Studio]


@dataclass(frozen=True)
class Site:
    """A server that runs, and its address."""

    server: Server
    url: str


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def encoder() -> LazyEncoder:
    lazy = LazyEncoder(choose("embedded"))
    lazy.start()
    return lazy


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Server], Site]]:
    """Launch a page on a free port; all are closed at the end."""
    from studio.ui import build, launch_options

    running: list[Any] = []

    def launch(server: Server) -> Site:
        demo = build(server)
        running.append(demo)
        _, url, _ = demo.launch(
            server_name="127.0.0.1",
            server_port=free_port(),
            prevent_thread_lock=True,
            quiet=True,
            **launch_options(),
        )
        return Site(server, url.rstrip("/"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))
        yield launch
        for demo in running:
            demo.close(verbose=False)


@pytest.fixture(scope="session")
def site(
    serve: Callable[[Server], Site], encoder: LazyEncoder, tmp_path_factory: pytest.TempPathFactory
) -> Site:
    """A person's own server, with atlas encoded."""
    server = Server(encoder, tmp_path_factory.mktemp("home"))
    documents = read_files([ASSETS / "atlas" / "corpus.jsonl"]).documents
    workspace = Workspace(server.home)
    ingest(workspace, encoder.get(), documents, "atlas", CutSettings())
    index = workspace.index("atlas")  # an evaluation finds the same passages encoded already
    shutil.copytree(index.path, server.cache / index.digest[:32])
    return serve(server)


@pytest.fixture(scope="session")
def public_site(
    serve: Callable[[Server], Site], encoder: LazyEncoder, tmp_path_factory: pytest.TempPathFactory
) -> Site:
    return serve(Server(encoder, tmp_path_factory.mktemp("public"), public=True))


@pytest.fixture(scope="session")
def atlas(site: Site) -> Evaluation:
    """What Python says of atlas at the default weights."""
    scored = score(load("atlas"), site.server.encoder.get(), site.server.cache, bm25=True)
    return evaluate(scored, FusionSettings())


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if not CHROMIUM and "CI" not in os.environ:
        pytest.skip("Chromium is not installed (apt-get install chromium, or set CHROMIUM)")
    assert CHROMIUM, "Chromium is not installed, and in CI the page must be driven"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Open]:
    """visit(site, path="", **context): a new visitor's page, guarded until the test ends."""
    contexts: list[Any] = []
    guards: list[Guard] = []

    def opened(site: Site, path: str = "", **options: Any) -> Studio:
        size = {"width": 1280, "height": 900}
        context = browser.new_context(
            **{"viewport": size, "accept_downloads": True, "reduced_motion": "reduce"} | options
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        guards.append(Guard(context, site.url))
        studio = Studio(context.new_page(), site.url)
        studio.open(path)
        return studio

    yield opened
    for context in contexts:
        context.close()
    assert [fault for guard in guards for fault in guard.faults] == []


@pytest.fixture
def studio(visit: Open, site: Site) -> Studio:
    """The page of a person's own server."""
    return visit(site)


@pytest.fixture(autouse=True)
def only_atlas_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "site" in request.fixturenames:
        workspace = Workspace(request.getfixturevalue("site").server.home)
        for name in {*workspace.names()} - {"atlas"}:
            workspace.delete(name)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, content: str) -> Path:
        path = tmp_path / name
        path.write_text(content, "utf-8")
        return path

    return written


@pytest.fixture
def open_with(visit: Open, site: Site) -> OpenWith:
    """open_with(name, id=text, …): the page of a server that keeps such a collection already."""

    def opened(name: str, **texts: str) -> Studio:
        documents = [Document(id, text) for id, text in texts.items()]
        workspace = Workspace(site.server.home)
        ingest(workspace, site.server.encoder.get(), documents, name, CutSettings())
        return visit(site)

    return opened
