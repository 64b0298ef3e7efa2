"""Which column or key holds what, and how the rows of a table become documents.

Knows neither CSV nor JSON: `tabular` and `keyed` bring both to the same `Table`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from studio.errors import ReadingError
from studio.reading.content import Content, Entry, clean, one_line

NAMES = {
    "id": ("_id", "id", "docid", "doc_id", "document_id", "passage_id", "pid", "docno"),
    "title": ("title", "heading", "name", "headline"),
    "text": (
        *("text", "contents", "content", "body", "passage"),
        *("abstract", "document", "description"),
    ),
    "language": ("language", "lang", "locale"),
}
_SHOWN, _WIDTH = 20, 40  # columns in an error, characters of each: a text may stand for a header


@dataclass(frozen=True)
class Fields:
    """The columns or keys that the user chose; "" = find it by its name."""

    id: str = ""
    title: str = ""
    text: str = ""
    language: str = ""


BY_NAME = Fields()


@dataclass(frozen=True)
class Row:
    """`place` says where the row stands in its file: line 7, item 7."""

    place: str
    cells: Mapping[str, object]


@dataclass(frozen=True)
class Table:
    """The rows of one file under the names of its columns, in the file's order."""

    name: str
    stem: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


def entries(table: Table, chosen: Fields) -> Content:
    """A document for every row that has a text."""
    found = find(table, chosen)
    rows = [_entry(table, row, number, found) for number, row in enumerate(table.rows, start=1)]
    kept = tuple(entry for entry in rows if entry.text)
    if not kept:
        raise ReadingError(
            f"{table.name} holds no text: the column '{found.text}' is empty in all of its "
            f"{_rows(len(rows))}. Choose another column or another file."
        )
    notes = (*table.notes, *_left_out(table, len(rows) - len(kept)))
    unnamed = sum(not entry.given for entry in kept)
    return Content(kept, (*notes, *_numbered(table, unnamed)) if found.id else notes)


def find(table: Table, chosen: Fields) -> Fields:
    """The table's columns for the four fields; "" where it has none."""
    found = Fields(
        **{field.name: _column(table, field.name, chosen) for field in fields(Fields)},
    )
    if not found.text:
        raise ReadingError(
            f"{table.name} has no column named as a text; its columns are: "
            f"{_listed(table.columns)}. Choose the one that holds the text: in the page's field "
            "for the text column, or with --text COLUMN on the command line."
        )
    return found


def _column(table: Table, field: str, chosen: Fields) -> str:
    own = getattr(chosen, field).strip()
    folded = {column.casefold(): column for column in reversed(table.columns)}
    for name in (own,) if own else NAMES[field]:
        if name in table.columns:
            return str(name)
        if name.casefold() in folded:
            return folded[name.casefold()]
    if own:
        raise ReadingError(
            f"{table.name} has no column '{own}' for the {field}; its columns are: "
            f"{_listed(table.columns)}. Choose one of these."
        )
    return ""


def _entry(table: Table, row: Row, number: int, found: Fields) -> Entry:
    own = one_line(_cell(table, row, found.id))
    return Entry(
        id=own or one_line(f"{table.stem}-{number}"),
        text=clean(_cell(table, row, found.text)),
        title=one_line(_cell(table, row, found.title)),
        language=one_line(_cell(table, row, found.language)),
        place=row.place,
        given=bool(own),
    )


def _cell(table: Table, row: Row, column: str) -> str:
    value = row.cells.get(column) if column else None  # a table may have a column named ""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ReadingError(
            f"{table.name}, {row.place}: '{column}' holds {_kind(value)} where a text is needed. "
            "Write it as a text in quotation marks, or choose another column."
        )
    return value


def _kind(value: object) -> str:
    return {list: "a list", dict: "an object", bool: "true or false"}.get(type(value), "a value")


def _listed(columns: Sequence[str]) -> str:
    names = [name if len(name) <= _WIDTH else f"{name[:_WIDTH]}…" for name in columns[:_SHOWN]]
    more = len(columns) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _left_out(table: Table, count: int) -> tuple[str, ...]:
    have, were = ("has", "was") if count == 1 else ("have", "were")
    note = f"{_rows(count)} of {table.name} {have} no text and {were} left out."
    return (note,) if count else ()


def _numbered(table: Table, count: int) -> tuple[str, ...]:
    have, were = ("has", "was") if count == 1 else ("have", "were")
    note = f"{_rows(count)} of {table.name} {have} no id and {were} named by number."
    return (note,) if count else ()
