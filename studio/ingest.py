"""Documents become a kept collection: cut, encode in portions, publish. All of it, or nothing."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from studio.encoders.protocol import Encoder
from studio.errors import ReadingError
from studio.index import Index, digest, signature
from studio.passages import CutSettings, cut
from studio.records import Document, Passage, Progress, joined_text, silent
from studio.workspace import Collection, Workspace

PORTION = 512  # passages encoded between two appends: bounds the memory, keeps padding low


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
    path: Path, encoder: Encoder, passages: Sequence[Passage], progress: Progress = silent
) -> Index:
    """An index of these passages in a new folder, portion by portion."""
    made_by = signature(encoder)
    index = Index.create(path, made_by, digest(passages, made_by))
    for first in range(0, len(passages), PORTION):
        portion = passages[first : first + PORTION]
        texts = [joined_text(passage.title, passage.text) for passage in portion]
        ahead = _shifted(progress, first, len(passages))
        index = index.append(portion, encoder.encode_passages(texts, ahead))
    return index


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
