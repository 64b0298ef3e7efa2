"""Read files, preview the cut, encode, keep house."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eval.collection import ASSETS
from studio.errors import SettingsError
from studio.ingest import ingest
from studio.languages import languages
from studio.passages import CutSettings, cut
from studio.reading import Fields, read_files
from studio.records import Document, Passage, joined_text
from studio.ui.jobs import Step
from studio.ui.session import Server, Upload
from studio.workspace import Collection

SAMPLE_NAME = "atlas"
PREVIEWED = 50
COUNTED = 2_000  # passages whose tokens are counted for the summary; beyond, it is scaled up

Status = dict[str, Any]


def read(paths: Sequence[str], fields: Fields) -> Upload:
    """The files' documents."""
    if not paths:
        raise SettingsError("No file was chosen. Drop one on the page, or take the sample.")
    reading = read_files([Path(path) for path in paths], fields)
    return Upload(reading.documents, reading.notes, tuple(paths))


def follow(upload: Upload, paths: Sequence[str], fields: Fields) -> Upload:
    """Some files were taken off the list: read the rest; with none left, forget what they gave."""
    if paths:
        return read(paths, fields)
    return Upload() if upload.paths else upload


def take_sample() -> Upload:
    """The bundled collection's passages as documents."""
    reading = read_files([ASSETS / "atlas" / "corpus.jsonl"])
    documents = tuple(replace(document, source="atlas") for document in reading.documents)
    return Upload(documents)


def suggest_name(upload: Upload) -> str:
    """A name for the collection: the sample's, or the first file's."""
    if upload.paths:
        return Path(upload.paths[0]).stem[:60]
    return SAMPLE_NAME if upload.documents else ""


def summary(server: Server, upload: Upload, settings: CutSettings) -> dict[str, Any]:
    """What was read and how many passages the cut gives; {} before anything was read."""
    if not upload.documents:
        return {}
    passages = cut_all(server, upload, settings)
    tokens, longer = _count(server, passages)
    found, guessed = languages(upload.documents)
    shown = ", ".join(f"{language} {n:,}" for language, n in found.most_common(6))
    how = "Given"
    if guessed:
        part = guessed < len(upload.documents)
        how = f"Guessed from {guessed:,} of {len(upload.documents):,}," if part else "Guessed"
    more = f" and {len(found) - 6} more" if len(found) > 6 else ""
    return {
        "tiles": [
            ["documents", f"{len(upload.documents):,}"],
            ["passages", f"{len(passages):,}"],
            ["tokens", tokens],
            ["languages, guessed" if guessed else "languages", f"{len(found):,}"],
        ],
        "lines": [f"{how} by documents: {shown}{more}."]
        + ([f"About {longer} passages are longer than the encoder reads."] if longer else [])
        + list(upload.notes),
    }


def cut_all(server: Server, upload: Upload, settings: CutSettings) -> list[Passage]:
    """The passages that these settings give."""
    encoder = server.encoder.get()
    return cut(upload.documents, settings, encoder.tokenizer, encoder.max_tokens)


def _count(server: Server, passages: Sequence[Passage]) -> tuple[str, int]:
    """Tokens of all passages (of an even sample where there are many), and how many are cut."""
    step = max(1, len(passages) // COUNTED)
    encoder = server.encoder.get()
    counts = np.asarray(
        encoder.count_tokens([joined_text(p.title, p.text) for p in passages[::step]])
    )
    total = int(counts.sum() * len(passages) / max(1, len(counts)))
    longer = int((counts > encoder.max_tokens).sum() * step)
    return (f"{total:,}" if step == 1 else f"≈ {total:,}"), longer


def preview(documents: Sequence[Document]) -> pd.DataFrame:
    """The first documents, shortened."""
    rows = [
        {
            "id": document.id,
            "title": document.title,
            "text": document.text[:160] + ("…" if len(document.text) > 160 else ""),
            "language": document.language,
            "source": document.source,
        }
        for document in documents[:PREVIEWED]
    ]
    return pd.DataFrame(rows, columns=["id", "title", "text", "language", "source"])


def encode(
    server: Server,
    upload: Upload,
    visitor: str,
    name: str,
    settings: CutSettings,
    replace_old: bool,
) -> Iterator[Status]:
    """Encode what was read, telling of progress until the collection is kept."""
    if not upload.documents:
        raise SettingsError("There is nothing to encode yet. Upload a file or take the sample.")
    workspace = server.workspace(visitor)
    workspace.check_new(name, replace_old)
    yield {"kind": "busy", "text": "Preparing the encoder…", "share": None}
    work = server.jobs.run(
        visitor,
        lambda progress: ingest(
            workspace,
            server.encoder.get(),
            upload.documents,
            name,
            settings,
            replace=replace_old,
            progress=progress,
        ),
    )
    for step in work:
        if isinstance(step, Collection):
            yield encoded_status(step)
        else:
            yield step_status(step, "passages")


def encoded_status(made: Collection) -> Status:
    """What was made, and at what cost."""
    rate = made.passages / made.seconds if made.seconds else 0.0
    parts = [
        f"Kept as '{made.name}': {made.passages:,} passages, {made.tokens:,} tokens",
        f"{made.truncated:,} truncated",
        f"{made.seconds:.1f} s ({rate:,.0f} passages a second)",
        f"{made.megabytes:.1f} MB",
    ]
    return {"kind": "done", "share": 1.0, "text": " · ".join(filter(None, parts))}


def step_status(step: Step, unit: str) -> Status:
    """Progress as a share and a sentence: how many, how fast, how long still."""
    if not step.total:
        return {"kind": "busy", "share": None, "text": "Starting…"}
    parts = [f"{step.done:,} of {step.total:,} {unit}"]
    if step.rate is not None and step.left is not None:
        parts += [f"{step.rate:,.1f} a second", f"{_time(step.left)} left"]
    return {"kind": "busy", "share": step.done / step.total, "text": " · ".join(parts)}


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def kept(server: Server, visitor: str) -> pd.DataFrame:
    """The kept collections as a table."""
    rows = [
        {
            "name": c.name,
            "documents": c.documents,
            "passages": c.passages,
            "tokens": c.tokens,
            "cut": c.cut,
            "encoder": c.encoder,
            "seconds": c.seconds,
            "MB": c.megabytes,
            "made": c.created.replace("T", " ")[:16],
        }
        for c in server.workspace(visitor).collections()
    ]
    columns = ["name", "documents", "passages", "tokens", "cut", "encoder", "seconds", "MB", "made"]
    return pd.DataFrame(rows, columns=columns)


def rename(server: Server, visitor: str, name: str, new: str) -> str:
    """Rename a collection; gives its new name."""
    _chosen(name)
    return server.workspace(visitor).rename(name, new).name


def delete(server: Server, visitor: str, name: str, sure: bool) -> None:
    """Delete a collection, if the box that says so is ticked."""
    _chosen(name)
    if not sure:
        raise SettingsError(f"Tick 'Yes, delete it' first: '{name}' cannot be brought back.")
    server.workspace(visitor).delete(name)


def _chosen(name: str) -> None:
    if not name:
        raise SettingsError("Choose a collection first.")


def encode_at_once(
    server: Server, upload: Upload, visitor: str, name: str, settings: CutSettings
) -> dict[str, Any]:
    """For programs: encode without telling of progress; gives what `encode --json` prints."""
    made = ingest(server.workspace(visitor), server.encoder.get(), upload.documents, name, settings)
    return made.as_json()
