"""Documents become passages with character offsets. Knows tokens only to count them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from semantic_text_splitter import MarkdownSplitter, TextSplitter
from tokenizers import Tokenizer

from studio.errors import ReadingError, SettingsError
from studio.records import Document, Passage

Cut = Literal["tokens", "paragraph", "none"]
CUTS: tuple[Cut, ...] = get_args(Cut)
BLANK_LINES = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")
ROOM = 32  # tokens left free for the special tokens and a short title


@dataclass(frozen=True)
class CutSettings:
    """How documents are cut. `size` and `overlap` are tokens and matter for 'tokens' alone."""

    cut: Cut = "tokens"
    size: int = 256
    overlap: int = 32

    def __post_init__(self) -> None:
        if self.cut not in CUTS:
            raise SettingsError(f"There is no cut '{self.cut}'. Choose one of: {', '.join(CUTS)}.")
        if not 16 <= self.size <= 8_000:
            raise SettingsError(f"A passage of {self.size} tokens is out of range: 16 to 8,000.")
        if self.cut == "tokens" and not 0 <= self.overlap < self.size:
            raise SettingsError(
                f"An overlap of {self.overlap} tokens must be smaller than the passage's "
                f"{self.size} tokens, and not negative."
            )


def cut(
    documents: Sequence[Document], settings: CutSettings, tokenizer: Tokenizer, max_tokens: int
) -> list[Passage]:
    """Cut every document; `max_tokens` is the longest text that the encoder reads whole.

    By tokens: at most `size`, at the ends of sentences, lines or words, overlapping where the text
    allows. By paragraph: at blank lines, and a paragraph too long for the encoder is cut further.
    """
    if settings.cut == "none":
        return [_whole(document) for document in documents if document.text.strip()]
    size, overlap = settings.size, settings.overlap
    if settings.cut == "paragraph":
        size, overlap = max_tokens - ROOM, 0
    elif size > max_tokens - ROOM:
        raise SettingsError(
            f"This encoder reads {max_tokens} tokens at a time, so a passage can have at most "
            f"{max_tokens - ROOM} (title and special tokens need room); {size} were asked for."
        )
    text = TextSplitter.from_huggingface_tokenizer(tokenizer, size, overlap)
    markdown = MarkdownSplitter.from_huggingface_tokenizer(tokenizer, size, overlap)
    passages: list[Passage] = []
    for document in documents:
        splitter = markdown if document.source.lower().endswith(".md") else text
        paragraphs = settings.cut == "paragraph"
        passages += _named(document, list(_pieces(document.text, splitter, paragraphs)))
    return _distinct(passages)


def _pieces(
    text: str, splitter: TextSplitter | MarkdownSplitter, paragraphs: bool
) -> Iterator[tuple[int, int]]:
    for start, end in _paragraphs(text) if paragraphs else [(0, len(text))]:
        for offset, piece in splitter.chunk_indices(text[start:end]):
            if piece.strip():
                yield start + offset, start + offset + len(piece)


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for gap in BLANK_LINES.finditer(text):
        yield start, gap.start()
        start = gap.end()
    yield start, len(text)


def _named(document: Document, spans: list[tuple[int, int]]) -> list[Passage]:
    """One passage keeps its document's id; several are numbered from 0, as in MIRACL: `doc#0`."""
    single = len(spans) == 1
    return [
        _passage(document, document.id if single else f"{document.id}#{n}", start, end)
        for n, (start, end) in enumerate(spans)
    ]


def _whole(document: Document) -> Passage:
    return _passage(document, document.id, 0, len(document.text))


def _passage(document: Document, name: str, start: int, end: int) -> Passage:
    return Passage(
        id=name,
        document=document.id,
        text=document.text[start:end],
        start=start,
        end=end,
        title=document.title,
        language=document.language,
        source=document.source,
    )


def _distinct(passages: list[Passage]) -> list[Passage]:
    """`doc#0` may be the name of another document: say so rather than rank two under one id."""
    seen: set[str] = set()
    for passage in passages:
        if passage.id in seen:
            raise ReadingError(
                f"Two passages are named '{passage.id}': a document has the id that a piece of "
                f"'{passage.document}' gets. Rename one of them."
            )
        seen.add(passage.id)
    return passages
