"""TREC's layout: documents and topics as SGML or tab-separated, judgements of four columns.

A file is read a line at a time, so that of a large corpus no more than a document waits in memory.
A split is what the name of its judgements says beside 'qrels': qrels.dev.txt; nothing is `test`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from eval.layouts import beir
from eval.layouts.parts import Judgements, Line, Parts, distinct, gathered, lines, once
from studio.errors import ReadingError

CORPUS = ("corpus", "collection", "docs", "documents")
TOPICS = ("topics", "queries")
OTHERS = (*TOPICS, "qrels", "run")  # how a file's name begins that is no corpus
TABLES, TAGGED = (".tsv",), (".trec", ".sgml", ".sgm", ".xml", ".txt")
JUDGED = (".txt", ".tsv", ".trec")  # test.qrels is a name of its own
QRELS = re.compile(r"(?:(?P<split>.+)[._-])?qrels(?:[._-](?P<late>.+))?")
HEADINGS = ("id", "_id", "docid", "docno", "pid", "qid", "query_id", "query-id")
TAG = re.compile(r"</?[A-Za-z][^<>]*>")
LEAD = re.compile(r"^\s*(?:Number|Topic)\s*:?\s*", re.IGNORECASE)


def recognises(folder: Path) -> bool:
    """Whether a corpus, topics and judgements stand there under one of the usual names."""
    return bool(_corpus(folder) and _topics(folder) and _qrels(folder))


def parts(folder: Path) -> Parts:
    """Its files. `corpus.tsv` is id, text or id, title, text; `topics.tsv` is id, text."""
    return Parts(
        distinct(chain.from_iterable(_texts(p, "DOC", _document) for p in _corpus(folder))),
        once(chain.from_iterable(_texts(p, "top", _topic) for p in _topics(folder))),
        lambda split: _judgements(folder, split),
    )


def _corpus(folder: Path) -> list[Path]:
    """One file of a usual name, else every .trec or .sgml file that is nothing else."""
    names = (f"{stem}{suffix}" for stem in CORPUS for suffix in (*TABLES, *TAGGED))
    one = next((folder / name for name in names if (folder / name).is_file()), None)
    if one is not None:
        return [one]
    found = (path for suffix in TAGGED[:3] for path in folder.glob(f"*{suffix}"))
    return sorted(p for p in found if p.is_file() and not _other(p.name.lower()))


def _other(name: str) -> bool:
    return name.startswith(OTHERS) or "qrels" in name


def _topics(folder: Path) -> list[Path]:
    found = (path for path in folder.iterdir() if path.name.lower().startswith(TOPICS))
    return sorted(p for p in found if p.suffix in (*TABLES, *TAGGED) and p.is_file())


def _qrels(folder: Path) -> dict[str, Path]:
    """Judgement files by split; one that names none is the test split."""
    found = {}
    for path in sorted(folder.iterdir()):
        stem = path.stem if path.suffix in JUDGED else path.name
        if path.is_file() and (match := QRELS.fullmatch(stem)):
            found[match["split"] or match["late"] or "test"] = path
    return found


def _judgements(folder: Path, split: str | None) -> Judgements:
    there = _qrels(folder)
    name = beir.chosen(sorted(there), folder, split)
    path = there[name]
    return name, gathered(columns(path), path), path


def columns(path: Path) -> Iterator[tuple[int, str, str, str]]:
    """Line, query, document and grade of a file of judgements. Raises ReadingError."""
    for number, line in enumerate(lines(path), start=1):
        if not (cells := line.split()):
            continue
        if len(cells) != 4:
            raise ReadingError(
                f"{path.name}, line {number} has {len(cells)} columns; judgements have four: "
                "query, 0, document, grade."
            )
        yield number, cells[0], cells[2], cells[3]


def _texts(path: Path, element: str, read: Callable[[str], dict[str, str]]) -> Iterator[Line]:
    """Of a table or of tagged elements, told by how the file begins."""
    first = next((line for line in lines(path) if line.strip()), "")
    if path.suffix in TABLES or (path.suffix == ".txt" and not first.lstrip().startswith("<")):
        yield from table(path)
        return
    number = 0
    for number, inside in _elements(path, element):
        yield read(inside) | {"file": path.name, "line": str(number)}
    if not number:
        raise ReadingError(f"{path} holds no <{element}> element.")


def table(path: Path) -> Iterator[Line]:
    """Lines of id, text or id, title, text, separated by tabs. Raises ReadingError."""
    for number, row in enumerate(lines(path), start=1):
        cells = row.rstrip("\r\n").split("\t")
        if not row.strip() or (number == 1 and cells[0].strip().lower() in HEADINGS):
            continue
        if not 2 <= len(cells) <= 3:
            raise ReadingError(
                f"{path.name}, line {number} has {len(cells)} columns separated by tabs; there "
                "must be id and text, or id, title and text."
            )
        title = cells[1] if len(cells) == 3 else ""
        yield {
            "_id": cells[0], "title": title, "text": cells[-1],
            "file": path.name, "line": str(number),
        }  # fmt: skip


def _elements(path: Path, name: str) -> Iterator[tuple[int, str]]:
    """What stands between <name> and </name>, with the line that it begins on."""
    edge, opening = re.compile(f"(</?{name}>)", re.IGNORECASE), f"<{name}>".lower()
    begun, held = 0, list[str]()
    for number, line in enumerate(lines(path), start=1):
        for piece in edge.split(line):
            if begun and piece.lower() == opening:
                raise _unclosed(path, begun, name)
            if piece.lower() == opening:
                begun, held = number, []
            elif begun and edge.fullmatch(piece):
                yield begun, "".join(held)
                begun = 0
            elif begun:
                held.append(piece)
    if begun:
        raise _unclosed(path, begun, name)


def _unclosed(path: Path, line: int, name: str) -> ReadingError:
    return ReadingError(f"{path.name}, line {line}: this <{name}> is not closed by </{name}>.")


def _document(inside: str) -> dict[str, str]:
    """A document's text is all its <TEXT>; without one, all that is not its name or title."""
    name, inside = _taken(inside, "DOCNO", "id")
    title, rest = _taken(inside, "title", "headline")
    texts = re.findall(r"<(TEXT|BODY)>(.*?)</\1>", rest, re.DOTALL | re.IGNORECASE)
    bodies = [body for _, body in texts] or [rest]
    return {"_id": name, "title": title, "text": " ".join(filter(None, map(_plain, bodies)))}


def _topic(inside: str) -> dict[str, str]:
    """A topic's title is the query; its description is for the judges."""
    name, inside = _taken(inside, "num", "id")
    title, inside = _taken(inside, "title")
    text = LEAD.sub("", title) or _taken(inside, "text")[0]
    return {"_id": LEAD.sub("", name), "title": "", "text": text}


def _taken(inside: str, *tags: str) -> tuple[str, str]:
    """What the first such tag holds, and the rest; the next tag closes one that is left open."""
    for tag in tags:
        closed = re.search(rf"<{tag}>(.*?)</{tag}>", inside, re.DOTALL | re.IGNORECASE)
        if found := closed or re.search(rf"<{tag}>([^<]*)", inside, re.IGNORECASE):
            return _plain(found[1]), f"{inside[: found.start()]} {inside[found.end() :]}"
    return "", inside


def _plain(marked: str) -> str:
    return " ".join(html.unescape(TAG.sub(" ", marked)).split())
