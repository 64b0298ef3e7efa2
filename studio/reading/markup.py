"""HTML: the text that a reader of the page would see, its blocks still apart.

Knows no style sheets and runs no scripts, so what a browser would hide or add is not known here.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from studio.reading.content import Content, File, whole
from studio.reading.decoding import decode

_REMOVED = "script, style, nav, template, noscript, svg, iframe"
_BLOCKS = (
    "address, article, aside, blockquote, body, dd, details, div, dl, dt, fieldset, figcaption, "
    "figure, footer, form, h1, h2, h3, h4, h5, h6, header, hr, li, main, ol, p, pre, section, "
    "summary, table, ul"
)
_BLOCK, _LINE, _CELL = "\x1c", "\x1d", "\x1e"  # control characters: cleaned out of every text
_MARKS = re.compile(f"[ {_LINE}{_CELL}]*{_BLOCK}[ {_BLOCK}{_LINE}{_CELL}]*")
_CHARSET = re.compile(rb"<meta[^>]*?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_HEAD = 4096  # bytes; browsers look for the charset in the first 1024


def read_html(file: File) -> Content:
    """An .html file; its title is its <title> or its first <h1>."""
    found = _CHARSET.search(file.raw[:_HEAD])
    text, notes = decode(file, found[1].decode("ascii") if found else "")
    tree = LexborHTMLParser(text)
    for node in tree.css(_REMOVED):
        node.decompose()
    title = _text(tree.css_first("title")) or _text(tree.css_first("h1"))
    return whole(file, _separated(tree), title, notes)


def _text(node: LexborNode | None) -> str:
    return "" if node is None else node.text()


def _separated(tree: LexborHTMLParser) -> str:
    """The body's text: a blank line between blocks, a line per table row, a tab per cell."""
    _keep_preformatted_lines(tree)
    for node in tree.css("br"):
        node.insert_after(_LINE)
    for node in tree.css("td, th"):
        node.insert_after(_CELL)
    for node in tree.css("tr"):
        node.insert_after(_LINE)
    for node in tree.css(_BLOCKS):
        node.insert_before(_BLOCK)
        node.insert_after(_BLOCK)
    # In HTML a line break in the source is a space; what separates are the marks.
    text = re.sub(r"[ \t\n\r\f]+", " ", _text(tree.body))
    text = re.sub(f" ?{_CELL}[ {_CELL}]*(?={_LINE})", "", _MARKS.sub("\n\n", text))
    return re.sub(f" ?{_LINE} ?", "\n", re.sub(f" ?{_CELL} ?", "\t", text))


def _keep_preformatted_lines(tree: LexborHTMLParser) -> None:
    for block in tree.css("pre"):
        for node in list(block.traverse(include_text=True)):
            if node.tag == "-text":
                node.replace_with(node.text().replace("\n", _LINE))
