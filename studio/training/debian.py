"""Pairs out of Debian's archive: package descriptions and GNOME's help, both in many languages.

A package's short description asks for its long one. A help page's title and its own summary ask
for its text; a section's heading, with the page's title, for the section. Across languages, a
page's title in one language asks for its text in another.
"""

from __future__ import annotations

import bz2
import hashlib
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
    """Of one `Translation-*` file: its paragraphs up to the first about packaging."""
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
                group = f"descriptions/{VARIANTS.sub('', name)}"
                yield Pair("descriptions", language, group, plain(title), _first(text))
                title = ""


def _first(lines: list[str]) -> str:
    """The paragraphs of a long description, as many as fit before one about packaging."""
    paragraphs = [plain(part) for part in "\n".join(lines).split("\n.\n")]
    found = ""
    for paragraph in paragraphs:
        if found and (BOILERPLATE.search(paragraph) or len(found) + len(paragraph) > LONGEST):
            break
        found = f"{found} {paragraph}".strip()
    return found


def help_pages(folder: Path) -> Iterator[Pair]:
    """Of `usr/share/help` in gnome-user-docs: a collection a language, and one across them."""
    translations: dict[str, dict[str, tuple[str, str]]] = {}
    for file in sorted(folder.glob("*/*/*.page")):
        language = file.relative_to(folder).parts[0].replace("_", "-")
        try:
            page = ET.parse(file).getroot()
        except ET.ParseError:
            continue
        found = list(_page(page, "en" if language == "C" else language, f"help/{file.stem}"))
        yield from found
        first = found[0]
        versions = translations.setdefault(first.group, {})
        versions[first.language] = first.query, first.passage
    for group, versions in translations.items():
        yield from _across(group, versions)


def _across(group: str, versions: dict[str, tuple[str, str]]) -> Iterator[Pair]:
    """One pair of two languages, by a digest; what is still English counts as English alone."""
    english = versions.get("en", ("", ""))
    whole = {
        language
        for language, (title, body) in versions.items()
        if language == "en" or (title != english[0] and body != english[1])
    }
    drawn = sorted(whole, key=lambda one: hashlib.sha256(f"{group}/{one}".encode()).digest())
    if len(drawn) > 1:
        yield Pair("across", "all", group, versions[drawn[0]][0], versions[drawn[1]][1])


def _page(page: ET.Element, language: str, group: str) -> Iterator[Pair]:
    title = _text(page.find(f"{MALLARD}title"))
    summary = _text(page.find(f"{MALLARD}info/{MALLARD}desc"))
    body = _body(page)
    for query in (title, summary):
        yield Pair("help", language, group, query, body)
    for section in page.findall(f"{MALLARD}section"):
        heading = _text(section.find(f"{MALLARD}title"))
        yield Pair("help", language, group, f"{title}: {heading}", _body(section))


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
