"""MTEB's layout on the Hub: configs for corpus, queries and judgements; the card names the files.

Of one language: `corpus`, `queries` (or `query`), `default` (or `qrels`). Of several:
`LANG-corpus`, `LANG-queries`, `LANG-qrels`, or the older `corpus-LANG` and its like.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from huggingface_hub.repocard import metadata_load

from eval.layouts import beir, hub, parquet
from eval.layouts.parts import Line, Parts, distinct, gathered, renamed
from eval.layouts.registry import Entry
from studio.errors import ReadingError

CARD = "README.md"
KINDS = {"corpus": ("corpus",), "queries": ("queries", "query"), "qrels": ("default", "qrels")}
Patterns = dict[str, list[str]]
"""Split → patterns of files."""


def parts(entry: Entry, split: str) -> Parts:
    """The card first, then no more than the files that it names for this subset and split."""
    card = hub.fetch(entry.repository, entry.revision, [CARD]) / CARD
    configs = _configs(card)
    named = {kind: _of_split(_config(configs, kind, entry), split, entry, kind) for kind in KINDS}
    folder = hub.fetch(
        entry.repository, entry.revision, [pattern for found in named.values() for pattern in found]
    )
    paths = {
        kind: [path for pattern in found for path in hub.files(folder, pattern)]
        for kind, found in named.items()
    }
    judged = paths["qrels"]
    return Parts(
        distinct(entry.labelled(line) for line in _lines(paths["corpus"])),
        distinct(entry.labelled(line) for line in _lines(paths["queries"])),
        lambda _: (split, gathered(_judgements(judged), judged[0]), judged[0]),
    )


def _configs(card: Path) -> dict[str, Patterns]:
    told = metadata_load(card) or {}
    found = {}
    for config in told.get("configs") or ():
        place = f"{config['data_dir']}/" if config.get("data_dir") else ""
        data = config.get("data_files") or f"{place}*"
        found[str(config["config_name"])] = _patterns(data, place)
    return found


def _patterns(data: Any, place: str) -> Patterns:
    """Of a path, of several, or of a list of {split, path}, as cards have them."""
    found: Patterns = {}
    for one in data if isinstance(data, list) else [data]:
        split, path = (one["split"], one["path"]) if isinstance(one, dict) else ("train", one)
        paths = path if isinstance(path, list) else [path]
        found.setdefault(split, []).extend(f"{place}{p}" for p in paths)
    return found


def _config(configs: Mapping[str, Patterns], kind: str, entry: Entry) -> Patterns:
    plain, subset = KINDS[kind], entry.subset
    usual = [name for p in (*plain, kind) for name in (f"{subset}-{p}", f"{p}-{subset}")]
    names = [*usual, *([subset] if kind == "qrels" else [])] if subset else list(plain)
    for name in names:
        if name in configs:
            return configs[name]
    raise ReadingError(
        f"The card of {entry.repository} at revision {entry.revision} has no config "
        f"{' or '.join(dict.fromkeys(names))}. It has: {', '.join(list(configs)[:20]) or 'none'}."
    )


def _of_split(patterns: Patterns, split: str, entry: Entry, kind: str) -> list[str]:
    """The split's files; a corpus and queries often have one split for all."""
    if split in patterns:
        return patterns[split]
    if len(patterns) == 1 and (kind != "qrels" or split == entry.split):
        return next(iter(patterns.values()))
    raise ReadingError(
        f"There is no split '{split}' in {entry.name} ({kind}). There: {', '.join(patterns)}."
    )


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    return parquet.rows(path) if path.suffix == ".parquet" else beir.values(path)


def _lines(paths: list[Path]) -> Iterator[Line]:
    for path in paths:
        for number, row in _rows(path):
            line = renamed(row, parquet.NAMES, f"{path.name}, row {number}")
            yield line | {"file": path.name, "line": str(number)}


def _judgements(paths: list[Path]) -> Iterator[tuple[int, str, str, str]]:
    for path in paths:
        for number, row in _rows(path):
            yield parquet.judgement(row, number, path)
