"""XQuAD (google/xquad) as a retrieval set, the way MTEB builds it.

Each distinct context is a passage under the SHA-256 of its text, each distinct question a query
under the last id that asks it, and relevant is the context that it was asked about.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from eval.layouts import hub, parquet
from eval.layouts.parts import Line, Parts, gathered
from eval.layouts.registry import Entry
from studio.errors import ReadingError

NEEDED = ("id", "context", "question")
Row = tuple[int, str, str, str]
"""Number, question id, context, question."""


def parts(entry: Entry, split: str) -> Parts:
    """Everything from one file of some 1,190 rows."""
    pattern = f"xquad.{entry.subset}/{split}-*.parquet"
    [path, *_] = hub.files(hub.fetch(entry.repository, entry.revision, [pattern]), pattern)
    rows = list(_rows(path))
    ids = {question: name for _, name, _, question in rows}
    contexts = {context: number for number, _, context, _ in reversed(rows)}
    corpus = [_line(_digest(c), c, path, n) for c, n in sorted(contexts.items(), key=_number)]
    queries = [_line(name, text, path, 0) for text, name in ids.items()]
    judged = ((number, ids[text], _digest(context), "1") for number, _, context, text in rows)
    return Parts(
        map(entry.labelled, corpus),
        map(entry.labelled, queries),
        lambda _: (split, gathered(judged, path), path),
    )


def _rows(path: Path) -> Iterator[Row]:
    for number, row in parquet.rows(path):
        if missing := [name for name in NEEDED if row.get(name) is None]:
            raise ReadingError(f"{path.name}, row {number} lacks {', '.join(missing)}.")
        yield number, str(row["id"]), str(row["context"]).strip(), str(row["question"]).strip()


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _number(item: tuple[str, int]) -> int:
    return item[1]


def _line(name: str, text: str, path: Path, number: int) -> Line:
    return {"_id": name, "text": text, "file": path.name, "line": str(number)}
