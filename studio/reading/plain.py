"""Plain text and Markdown: the whole file is one document.

Knows just enough Markdown to find the title and to drop front matter; marks stay in the text.
"""

from __future__ import annotations

import re

from studio.reading.content import Content, File, clean, whole
from studio.reading.decoding import decode

# YAML between --- and --- or ..., TOML between +++. A key must come first: --- is also a rule.
_FRONT_MATTER = re.compile(
    r"(?:---[ \t]*\n\s*(?:#[^\n]*\n\s*)*[\w.\"'-]+[ \t]*:.*?^(?:---|\.\.\.)"
    r"|\+\+\+[ \t]*\n.*?^\+\+\+)[ \t]*(?:\n|\Z)",
    re.DOTALL | re.MULTILINE,
)
_FENCE = re.compile(
    r"^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.DOTALL | re.MULTILINE
)
_HEADING = re.compile(
    r"^ {0,3}#{1,6}[ \t]+(?P<hashes>[^\n]*?)(?:[ \t]+#+)?[ \t]*$"
    r"|^ {0,3}(?P<underlined>\w[^\n]*)\n {0,3}(?:=+|-{2,})[ \t]*$",
    re.MULTILINE,
)


def read_text(file: File) -> Content:
    """A .txt file; its title is its name."""
    text, notes = decode(file)
    return whole(file, text, notes=notes)


def read_markdown(file: File) -> Content:
    """A .md file; its title is its first heading."""
    text, notes = decode(file)
    text = clean(text)
    if front := _FRONT_MATTER.match(text):
        text = text[front.end() :]
    return whole(file, text, _first_heading(text), notes)


def _first_heading(text: str) -> str:
    # A # within a code fence is a comment, not a heading.
    found = _HEADING.search(_FENCE.sub("", text))
    return (found["hashes"] or found["underlined"] or "") if found else ""
