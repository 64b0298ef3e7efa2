"""From the user's files to documents: one door, one reader per ending, one error per fault.

Knows what the readers know of formats, nothing of passages, languages or models. Nothing is half
read: the first bad file stops everything with a `ReadingError` that names it.

    content    what a reader receives and returns     plain     .txt .md
    decoding   bytes to text                          markup    .html .htm
    folders    paths to files, limits                 office    .pdf .docx
    identity   ids across all files                   tabular   .csv .tsv
    fields     columns to documents                   keyed     .json .jsonl
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from studio.errors import ReadingError
from studio.reading import keyed, markup, office, plain, tabular
from studio.reading.content import Content, File
from studio.reading.fields import BY_NAME, Fields, Table, entries
from studio.reading.folders import expand, load
from studio.reading.identity import Found, documents
from studio.records import Progress, Reading, silent

__all__ = ["BY_NAME", "LIMIT", "SUFFIXES", "Fields", "columns", "read_files", "read_folder"]

LIMIT = 100 * 2**20  # bytes per file

_WHOLE: dict[str, Callable[[File], Content]] = {
    ".txt": plain.read_text,
    ".md": plain.read_markdown,
    ".pdf": office.read_pdf,
    ".docx": office.read_docx,
    ".html": markup.read_html,
    ".htm": markup.read_html,
}
_TABLES: dict[str, Callable[[File], Table]] = {
    ".csv": tabular.read_csv,
    ".tsv": tabular.read_tsv,
    ".json": keyed.read_json,
    ".jsonl": keyed.read_jsonl,
}
SUFFIXES: tuple[str, ...] = (*_WHOLE, *_TABLES)


def read_files(
    paths: Sequence[Path], fields: Fields = BY_NAME, progress: Progress = silent
) -> Reading:
    """The documents in the files, in order; a folder stands for what `read_folder` reads."""
    if not paths:
        raise ReadingError("No file was given. Choose one or more files to read.")
    files, told = expand(paths, SUFFIXES)
    notes = list(told)
    found: list[Found] = []
    for done, path in enumerate(files):
        progress(done, len(files), f"Reading {path.name}")
        content = _content(load(path, SUFFIXES, LIMIT), fields)
        found.extend((path.name, entry) for entry in content.entries)
        notes.extend(content.notes)
    progress(len(files), len(files), "Read")
    return Reading(documents(found), tuple(notes))


def read_folder(folder: Path, fields: Fields = BY_NAME, progress: Progress = silent) -> Reading:
    """The documents in every readable file below the folder, sorted; of BEIR only the corpus."""
    if not folder.is_dir():
        raise ReadingError(f"There is no folder {folder.name}. Check its name and place.")
    return read_files([folder], fields, progress)


def columns(path: Path) -> list[str]:
    """The columns or keys that may be chosen in `Fields`; none where the file is one document."""
    file = load(path, SUFFIXES, LIMIT)
    return list(_TABLES[file.suffix](file).columns) if file.suffix in _TABLES else []


def _content(file: File, fields: Fields) -> Content:
    if file.suffix in _TABLES:
        return entries(_TABLES[file.suffix](file), fields)
    return _WHOLE[file.suffix](file)
