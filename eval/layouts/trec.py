"""TREC's layout: documents and topics as SGML or tab-separated, judgements of four columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from eval.layouts import beir
from eval.layouts.parts import Judgements, Line, Parts, distinct, gathered
from studio.errors import ReadingError

CORPUS = ("corpus", "collection", "docs", "documents")
TOPICS = ("topics", "queries")
TABLES, TAGGED = (".tsv",), (".trec", ".sgml", ".xml", ".txt")
QRELS = re.compile(r"(?:(?P<split>\w+)[.-])?qrels(?:\.(?:txt|trec|tsv))?|qrels[.-](?P<late>\w+)")
DOCUMENT = re.compile(r"<DOC>(.*?)</DOC>", re.DOTALL | re.IGNORECASE)
TOPIC = re.compile(r"<top>(.*?)</top>", re.DOTALL | re.IGNORECASE)
TAG = re.compile(r"<[^>]*>")


def recognises(folder: Path) -> bool:
    """Whether a corpus, topics and judgements stand there under one of the usual names."""
    return bool(_file(folder, CORPUS) and _file(folder, TOPICS) and _qrels(folder))


def parts(folder: Path) -> Parts:
    """Its three files. `corpus.tsv` is id, text or id, title, text; `topics.tsv` is id, text."""
    corpus, topics = _file(folder, CORPUS), _file(folder, TOPICS)
    assert corpus is not None  # recognised
    assert topics is not None
    return Parts(
        distinct(_texts(corpus, DOCUMENT, ("DOCNO", "id"))),
        distinct(_texts(topics, TOPIC, ("num", "id"))),
        lambda split: _judgements(folder, split),
    )


def _file(folder: Path, stems: tuple[str, ...]) -> Path | None:
    names = (f"{stem}{suffix}" for stem in stems for suffix in (*TABLES, *TAGGED))
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _qrels(folder: Path) -> dict[str, Path]:
    """Judgement files by split; one that names none is the test split."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and (match := QRELS.fullmatch(path.name)):
            found[match["split"] or match["late"] or "test"] = path
    return found


def _judgements(folder: Path, split: str | None) -> Judgements:
    there = _qrels(folder)
    name = beir.chosen(sorted(there), folder, split)
    path = there[name]
    return name, gathered(_columns(path), path), path


def _columns(path: Path) -> Iterator[tuple[int, str, str, str]]:
    for number, line in enumerate(_read(path).splitlines(), start=1):
        if not (cells := line.split()):
            continue
        if len(cells) != 4:
            raise ReadingError(
                f"{path.name}, line {number} has {len(cells)} columns; judgements have four: "
                "query, 0, document, grade."
            )
        yield number, cells[0], cells[2], cells[3]


def _texts(path: Path, element: re.Pattern[str], id_tags: tuple[str, ...]) -> Iterator[Line]:
    return _table(path) if path.suffix in TABLES else _tagged(path, element, id_tags)


def _table(path: Path) -> Iterator[Line]:
    for number, row in enumerate(_read(path).splitlines(), start=1):
        if not row.strip():
            continue
        cells = row.split("\t")
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


def _tagged(path: Path, element: re.Pattern[str], id_tags: tuple[str, ...]) -> Iterator[Line]:
    whole, found = _read(path), False
    for match in element.finditer(whole):
        found, inside = True, match[1]
        number = str(whole.count("\n", 0, match.start()) + 1)
        name = next((text for tag in id_tags if (text := _inside(inside, tag))), "")
        title = _inside(inside, "title") or _inside(inside, "headline")
        text = _inside(inside, "text") or _inside(inside, "body")
        name = re.sub(r"^\s*(?:Number|Topic)\s*:?\s*", "", name, flags=re.IGNORECASE)
        if element is TOPIC:  # a topic's title is the query; its description is for the judges
            title, text = "", title or text
        yield {"_id": name, "title": title, "text": text, "file": path.name, "line": number}
    if not found:
        raise ReadingError(f"{path} holds no <{'top' if element is TOPIC else 'DOC'}> element.")


def _inside(text: str, tag: str) -> str:
    """What a tag holds; topics leave their tags open, so the next tag or line's end closes one."""
    closed = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL | re.IGNORECASE)
    opened = closed or re.search(rf"<{tag}>([^<]*)", text, re.IGNORECASE)
    return " ".join(TAG.sub(" ", opened[1]).split()) if opened else ""


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReadingError(f"{path} is not UTF-8 ({error.reason}). Save it as UTF-8.") from error
