"""Pairs out of Debian's archive: package descriptions and GNOME's help, both in many languages.

A package's short description asks for its long one. A help page's title and its own summary ask
for its text; a section's heading, with the page's title, for the section.
"""

from __future__ import annotations

import bz2
import lzma
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

from studio.training.pairs import LONGEST, Pair, plain

MALLARD = "{http://projectmallard.org/1.0/}"
ASIDE = {f"{MALLARD}{name}" for name in ("info", "title", "section", "links", "comment", "screen")}
VARIANTS = re.compile(r"-(data|dev|doc|common|dbg|utils|tools|bin|[a-z]{2,3})$|[\d.+]+")
BOILERPLATE = re.compile(r"\b(package|Paket|paquet|paquete|pacchetto|pakiet|pacote)\b", re.I)


def descriptions(file: Path, language: str) -> Iterator[Pair]:
    """Of one `Translation-*` file: the first paragraph that speaks of more than packaging."""
    opened = bz2.open if file.suffix == ".bz2" else lzma.open
    with opened(file, "rt", encoding="utf-8") as lines:
        name, title, text = "", "", list[str]()
        for line in [*lines, "\n"]:
            if line.startswith("Package: "):
                name = line[9:].strip()
            elif line.startswith("Description-") and not line.startswith("Description-md5"):
                title, text = line.partition(": ")[2].strip(), []
            elif line.startswith(" "):
                text.append(line[1:].rstrip("\n"))
            elif not line.strip() and title:
                group = VARIANTS.sub("", name)
                yield Pair("descriptions", language, group, plain(title), _first(text))
                title = ""


def _first(lines: list[str]) -> str:
    """The paragraphs of a long description, as many as fit, without those about packaging."""
    paragraphs = [plain(part) for part in "\n".join(lines).split("\n.\n")]
    found = ""
    for paragraph in paragraphs:
        if found and (BOILERPLATE.search(paragraph) or len(found) + len(paragraph) > LONGEST):
            break
        found = f"{found} {paragraph}".strip()
    return found


def help_pages(folder: Path) -> Iterator[Pair]:
    """Of `usr/share/help` in gnome-user-docs: one collection a language."""
    for file in sorted(folder.glob("*/*/*.page")):
        language = file.relative_to(folder).parts[0]
        try:
            page = ET.parse(file).getroot()
        except ET.ParseError:
            continue
        yield from _page(page, language, file.stem)


def _page(page: ET.Element, language: str, name: str) -> Iterator[Pair]:
    title = _text(page.find(f"{MALLARD}title"))
    summary = _text(page.find(f"{MALLARD}info/{MALLARD}desc"))
    body = _body(page)
    for query in (title, summary):
        yield Pair("help", language, name, query, body)
    for section in page.findall(f"{MALLARD}section"):
        heading = _text(section.find(f"{MALLARD}title"))
        yield Pair("help", language, name, f"{title}: {heading}", _body(section))


def _body(element: ET.Element) -> str:
    """Its own text, without its sections, cut at a whole child."""
    found = ""
    for child in element:
        text = "" if child.tag in ASIDE else _text(child)
        if len(found) + len(text) > LONGEST:
            break
        found = f"{found} {text}".strip()
    return found


def _text(element: ET.Element | None) -> str:
    return "" if element is None else plain(" ".join(element.itertext()))
