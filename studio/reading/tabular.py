"""Tables with a header line: .csv and .tsv, down to the line on which a row is ragged.

Knows nothing of what the columns mean; that is `fields`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Literal

from studio.errors import ReadingError
from studio.reading.content import File, one_line
from studio.reading.decoding import decode
from studio.reading.fields import Row, Table

_DELIMITERS = ",;\t|"
_SAMPLE = 50  # records that decide the delimiter
_MARK_OPEN = "\ufeff"
# The module's own limit is 131,072 characters, less than a chapter. It is global to the process.
csv.field_size_limit(2**30)

Record = tuple[int, list[str]]
"""The line on which a record begins, and its fields."""


def read_csv(file: File) -> Table:
    """A .csv file, divided by comma, semicolon, tab or pipe."""
    text, notes = decode(file)
    try:
        records = list(_records(text, _delimiter(text)))
    except _QuotingError as error:
        raise ReadingError(
            f"{file.name}: line {error.line} cannot be read as CSV ({error}). "
            "Check that every quotation mark is closed, and doubled within a field."
        ) from error
    return _table(file, records, notes)


def read_tsv(file: File) -> Table:
    """A .tsv file; many are written without quoting, so a quotation mark may be only that."""
    text, notes = decode(file)
    literal = list(_records(text, "\t", csv.QUOTE_NONE))
    if '"' not in text or (records := _quoted(text)) is None:
        return _table(file, literal, notes)
    return _table(file, records, notes)


def _quoted(text: str) -> list[Record] | None:
    """The records by the rules of quoting, or None where these break the table."""
    try:
        records = list(_records(text, "\t"))
    except _QuotingError:
        return None
    widths = {len(record) for _, record in records}
    # A tab within a field: a quotation mark has swallowed the beginning of the next row.
    swallowed = any("\t" in field for _, record in records for field in record)
    return None if swallowed or len(widths) != 1 else records


class _QuotingError(Exception):
    """What the csv module cannot read, with the line on which the record begins."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


def _records(
    text: str, delimiter: str, quoting: Literal[0, 3] = csv.QUOTE_MINIMAL
) -> Iterator[Record]:
    # strict: otherwise a quotation mark that is never closed swallows the rest of the file.
    lines = io.StringIO(text.removeprefix(_MARK_OPEN), newline="")
    reader = csv.reader(lines, delimiter=delimiter, quoting=quoting, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _QuotingError(line, str(error)) from error
        if record and not (len(record) == 1 and record[0].isspace()):
            yield line, record


def _delimiter(text: str) -> str:
    # csv.Sniffer counts characters over prose, so it finds letters; the header line knows better.
    return max(_DELIMITERS, key=lambda delimiter: _fit(text, delimiter))


def _fit(text: str, delimiter: str) -> tuple[bool, int]:
    """Whether the first records all divide like the header, and into how many fields."""
    widths = []
    with suppress(_QuotingError):
        for _, record in islice(_records(text, delimiter), _SAMPLE):
            widths.append(len(record))
    width = widths[0] if widths else 0
    return width > 1 and set(widths) == {width}, width


def _table(file: File, records: list[Record], notes: tuple[str, ...]) -> Table:
    if not records:
        raise ReadingError(f"{file.name} holds no text. Choose another file.")
    header = tuple(one_line(name) for name in records[0][1])
    _check(file, header, records[1:])
    rows = tuple(
        Row(f"line {line}", dict(zip(header, record, strict=True))) for line, record in records[1:]
    )
    return Table(file.name, file.stem, tuple(filter(None, header)), rows, notes)


def _check(file: File, header: tuple[str, ...], records: list[Record]) -> None:
    if twice := {name for name in header if name and header.count(name) > 1}:
        raise ReadingError(
            f"{file.name}: the header names '{min(twice)}' more than once. Rename one of them."
        )
    if not records:
        raise ReadingError(
            f"{file.name} has a header but no rows. The first line must name the columns, and "
            "the rows follow."
        )
    for line, record in records:
        if len(record) != len(header):
            mend = (
                "Add the missing ones, empty if need be."
                if len(record) < len(header)
                else "Put fields that contain the delimiter in quotation marks."
            )
            raise ReadingError(
                f"{file.name}: line {line} has {_fields(len(record))}, the header has "
                f"{len(header)}. {mend}"
            )


def _fields(count: int) -> str:
    return "1 field" if count == 1 else f"{count} fields"
