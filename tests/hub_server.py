"""A stand-in for the Hugging Face Hub: one model or data set over HTTP, with faults as tests ask.

It answers as huggingface.co does: a listing with sizes and checksums, small files directly, large
ones (LFS) by a redirect to a store on another host. Every answer closes its connection.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import huggingface_hub
import pytest
from huggingface_hub import constants

from studio.encoders import download

PIECE = 500_000
LARGE = (".safetensors", ".bin", ".pt")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def git_sha1(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass(frozen=True)
class Asked:
    """A request: "list" or the file's name, its first byte, and whether it carried a token."""

    what: str
    start: int = 0
    token: bool = False


@dataclass
class Hub:
    """The model, the log of requests for it, and the faults. Tests write these fields freely."""

    files: dict[str, bytes]
    repository: str = "someone/model"
    commit: str = "c0ffee00" * 5
    log: list[Asked] = field(default_factory=list)
    listing_fault: tuple[int, str] | None = None  # status and X-Error-Code
    file_faults: list[tuple[int, str]] = field(default_factory=list)  # of the next file requests
    cuts: list[int] = field(default_factory=list)  # bytes after which the next files break off
    ranges: bool = True
    listing: dict[str, object] = field(default_factory=dict)  # laid over the listing of each file
    gate: threading.Event = field(default_factory=threading.Event)  # large files wait for it
    pause: float = 0.0  # seconds before each half megabyte of a large file
    url: str = ""
    store: str = ""

    def asked_for(self, name: str) -> list[int]:
        """The first bytes of the requests for one file."""
        return [asked.start for asked in self.log if asked.what == name]


@contextmanager
def serve(hub: Hub) -> Iterator[Hub]:
    """Answer on a free port of this machine until the block ends."""

    class Handler(_Handler):
        pass

    Handler.hub = hub
    hub.gate.set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    hub.store = f"http://localhost:{server.server_port}/store/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        hub.gate.set()
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def instead_of_the_hub(hub: Hub, cache: Path) -> Iterator[Hub]:
    """Serve it, and have huggingface_hub ask it and nobody else, with a cache of its own."""
    with serve(hub), pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "ENDPOINT", hub.url)
        template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        patch.setattr(constants, "HF_HUB_CACHE", str(cache))
        patch.setattr(constants, "HF_HUB_OFFLINE", False)
        patch.setattr(download, "PAUSE", 0.0)
        patch.setenv("NO_PROXY", "*")
        patch.delenv("HF_TOKEN", raising=False)
        huggingface_hub.close_session()  # made anew, without a proxy
        yield hub
        huggingface_hub.close_session()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        # Data sets are asked for under other addresses, and answered alike.
        path = path.replace("/api/datasets/", "/api/models/").removeprefix("/datasets")
        if path.startswith("/api/models/"):
            self._list(path)
        elif path.startswith("/store/"):
            self._body(path.removeprefix("/store/"))
        else:
            self._resolve(path)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass

    def _note(self, what: str) -> None:
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        self.hub.log.append(Asked(what, start, "Authorization" in self.headers))

    def _list(self, path: str) -> None:
        hub = self.hub
        self._note("list")
        if hub.listing_fault:
            return self._fail(*hub.listing_fault)
        as_tree = "/tree/" in path
        repository, _, revision = (
            path.removeprefix("/api/models/")
            .replace("/tree/", "/revision/")
            .partition("/revision/")
        )
        if repository != hub.repository:
            return self._fail(404, "RepoNotFound")
        if revision not in ("main", hub.commit):
            return self._fail(404, "RevisionNotFound")
        if as_tree:
            body = json.dumps([self._leaf(name) for name in hub.files]).encode()
            return self._answer(200, {"Content-Type": "application/json"}, body)
        siblings = [self._sibling(name) | hub.listing for name in hub.files]
        known = {"id": repository, "sha": hub.commit, "siblings": siblings}
        body = json.dumps(known | hub.listing).encode()
        return self._answer(200, {"Content-Type": "application/json"}, body)

    def _leaf(self, name: str) -> dict[str, object]:
        content = self.hub.files[name]
        return {"type": "file", "path": name, "size": len(content), "oid": git_sha1(content)}

    def _sibling(self, name: str) -> dict[str, object]:
        content = self.hub.files[name]
        told = {"rfilename": name, "size": len(content), "blobId": git_sha1(content)}
        lfs = {"sha256": sha256(content), "size": len(content), "pointerSize": 134}
        return told | ({"lfs": lfs} if name.endswith(LARGE) else {})

    def _resolve(self, path: str) -> None:
        name = path.split("/", 5)[5]
        if name.endswith(LARGE):
            content = self.hub.files[name]
            linked = {"X-Linked-Etag": f'"{sha256(content)}"', "X-Linked-Size": str(len(content))}
            where = {"Location": self.hub.store + name, "X-Repo-Commit": self.hub.commit}
            if self.command == "GET":
                self._note(f"redirect {name}")
            self._answer(302, linked | where, b"")
        else:
            self._body(name)

    def _body(self, name: str) -> None:
        hub = self.hub
        if self.command == "GET":
            self._note(name)
            if hub.file_faults:
                return self._fail(*hub.file_faults.pop(0))
        content = hub.files[name]
        start = hub.log[-1].start if hub.ranges and hub.log else 0
        if start and start >= len(content):
            return self._fail(416, "")
        headers = {"ETag": f'"{git_sha1(content)}"', "X-Repo-Commit": hub.commit}
        return self._answer(206 if start else 200, headers, content[start:])

    def _fail(self, status: int, code: str) -> None:
        self._answer(status, {"X-Error-Code": code} if code else {}, b"")

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if body and self.path.startswith("/store/"):
            self.hub.gate.wait()
            body = body[: self.hub.cuts.pop(0)] if self.hub.cuts else body
        try:
            if self.hub.pause and self.path.startswith("/store/"):
                for start in range(0, len(body), PIECE):
                    time.sleep(self.hub.pause)
                    self.wfile.write(body[start : start + PIECE])
                return
            self.wfile.write(body)
        except ConnectionError:  # the reader has gone, as a cancelled download does
            self.close_connection = True
