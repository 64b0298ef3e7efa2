"""Objects with keys: .json and .jsonl, down to the line or the item that is wrong.

Knows nothing of what the keys mean; that is `fields`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from studio.errors import ReadingError
from studio.reading.content import File
from studio.reading.decoding import decode
from studio.reading.fields import Row, Table


def read_json(file: File) -> Table:
    """A .json file: a list of objects, or an object that holds one such list."""
    text, notes = decode(file)
    try:
        items = _list(file, _parsed(text))
    except json.JSONDecodeError as error:
        hint = " If every line is an object, name it .jsonl." if error.msg == "Extra data" else ""
        raise ReadingError(
            f"{file.name}: line {error.lineno} is not valid JSON ({error.msg}, column "
            f"{error.colno}). Mend it and read the file again.{hint}"
        ) from error
    except RecursionError as error:
        raise ReadingError(
            f"{file.name} is nested too deeply. Make it a list of objects."
        ) from error
    return _table(file, [(f"item {number}", item) for number, item in enumerate(items, 1)], notes)


def read_jsonl(file: File) -> Table:
    """A .jsonl file: an object on each line; blank lines are passed over."""
    text, notes = decode(file)
    lines = enumerate(text.split("\n"), start=1)  # not splitlines: U+2028 may stand in a text
    items = [
        (f"line {number}", _line(file, number, line)) for number, line in lines if line.strip()
    ]
    return _table(file, items, notes)


def _line(file: File, number: int, line: str) -> object:
    try:
        return _parsed(line)
    except json.JSONDecodeError as error:
        raise ReadingError(
            f"{file.name}: line {number} is not valid JSON ({error.msg}, column {error.colno}). "
            "Every line must be one whole object."
        ) from error
    except RecursionError as error:
        raise ReadingError(f"{file.name}: line {number} is nested too deeply.") from error


def _parsed(text: str) -> object:
    # Numbers stay as they are written: 1.50 and 12345678901234567890 are ids, not quantities.
    # NaN is how some programs write an empty cell.
    parsed: object = json.loads(text, parse_int=str, parse_float=str, parse_constant=lambda _: None)
    return parsed


def _list(file: File, value: object) -> list[object]:
    if isinstance(value, list):
        return value
    inside = list(value.values()) if isinstance(value, dict) else []
    lists = [part for part in inside if isinstance(part, list) and any(map(_is_object, part))]
    if len(lists) != 1:
        holds = f"an object with {len(lists)} lists of objects" if inside else "no list"
        raise ReadingError(
            f"{file.name} must hold a list of objects, or an object with one such list in it; "
            f'it holds {holds}. Write it as [{{"id": …, "text": …}}, …].'
        )
    return lists[0]


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _table(file: File, items: Sequence[tuple[str, object]], notes: tuple[str, ...]) -> Table:
    if not items:
        raise ReadingError(f"{file.name} holds no documents. Choose another file.")
    rows = tuple(_row(file, place, item) for place, item in items)
    columns = dict.fromkeys(key for row in rows for key in row.cells)
    return Table(file.name, file.stem, tuple(columns), rows, notes)


def _row(file: File, place: str, item: object) -> Row:
    if not isinstance(item, dict):
        raise ReadingError(
            f"{file.name}: {place} is not an object. "
            'Each document must be written as {"id": …, "text": …}.'
        )
    return Row(place, item)
