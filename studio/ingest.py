"""Documents become a kept collection: cut, encode in portions, publish. All of it, or nothing."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from studio.encoders.protocol import Encoder
from studio.errors import ReadingError
from studio.index import Index, digest, signature
from studio.passages import CutSettings, cut
from studio.records import Document, Encodings, Join, Passage, Progress, joined_text, silent
from studio.workspace import Collection, Workspace

PORTION = 32_768  # tokens encoded between two writes: 134 MB of vectors of 1,024 in float32
COUNTED = 1_024  # passages whose tokens are counted at a time


def ingest(
    workspace: Workspace,
    encoder: Encoder,
    documents: Sequence[Document],
    name: str,
    settings: CutSettings,
    *,
    replace: bool = False,
    progress: Progress = silent,
) -> Collection:
    """Cut and encode documents under a name; on an error or a cancel nothing has changed."""
    name = workspace.check_new(name, replace)
    passages = cut(documents, settings, encoder.tokenizer, encoder.max_tokens)
    if not passages:
        raise ReadingError("There is no text to encode: every document is empty.")
    workspace.check_size(len(passages))
    staged = workspace.stage()
    try:
        started = time.perf_counter()
        index = build(staged / "index", encoder, passages, progress)
        seconds = time.perf_counter() - started
        collection = _card(name, documents, passages, settings, index, seconds)
        collection = workspace.publish(staged, collection)
    finally:
        shutil.rmtree(staged, ignore_errors=True)  # gone already where it was published
    return collection


def build(
    path: Path,
    encoder: Encoder,
    passages: Sequence[Passage],
    progress: Progress = silent,
    join: Join = joined_text,
) -> Index:
    """An index of these passages in a new folder, one segment, written portion by portion."""
    made_by = signature(encoder)

    def portions() -> Iterator[tuple[Sequence[Passage], Encodings]]:
        for first, last in _portions(passages, encoder, join):
            portion = passages[first:last]
            ahead = _shifted(progress, first, len(passages))
            yield portion, encoder.encode_passages(_texts(portion, join), ahead)

    return Index.create(path, made_by, digest(passages, made_by, join)).extend(portions())


def _portions(
    passages: Sequence[Passage], encoder: Encoder, join: Join
) -> Iterator[tuple[int, int]]:
    """Passages in runs of at most PORTION tokens as the encoder will cut them."""
    start = tokens = 0
    for first in range(0, len(passages), COUNTED):
        counts = encoder.count_tokens(_texts(passages[first : first + COUNTED], join))
        for row, count in enumerate(counts, start=first):
            length = min(count, encoder.max_tokens)
            if row > start and tokens + length > PORTION:
                yield start, row
                start, tokens = row, 0
            tokens += length
    if start < len(passages):
        yield start, len(passages)


def _texts(passages: Sequence[Passage], join: Join) -> list[str]:
    return [join(passage.title, passage.text) for passage in passages]


def _shifted(progress: Progress, before: int, total: int) -> Progress:
    """Progress within a portion, told as progress within the whole."""

    def report(done: int, _portion: int, what: str) -> None:
        progress(before + done, total, what)

    return report


def _card(
    name: str,
    documents: Sequence[Document],
    passages: Sequence[Passage],
    settings: CutSettings,
    index: Index,
    seconds: float,
) -> Collection:
    size = sum(file.stat().st_size for file in index.path.rglob("*") if file.is_file())
    return Collection(
        name=name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        encoder=index.encoder.title,
        encoder_name=index.encoder.name,
        cut=_describe(settings),
        documents=len(documents),
        passages=len(passages),
        tokens=sum(int(np.sum(segment.array("tokens"))) for segment in index.segments),
        truncated=sum(int(np.sum(segment.array("truncated"))) for segment in index.segments),
        seconds=round(seconds, 3),
        megabytes=round(size / 2**20, 2),
        languages=dict(Counter(p.language for p in passages if p.language).most_common()),
        sources=tuple(dict.fromkeys(d.source for d in documents if d.source))[:50],
    )


def _describe(settings: CutSettings) -> str:
    if settings.cut == "tokens":
        return f"{settings.size} tokens, {settings.overlap} overlapping"
    return {"paragraph": "by paragraph", "none": "not cut"}[settings.cut]
