"""The layouts in which test collections are published, a small reader each, told by their files."""

from __future__ import annotations

from pathlib import Path

from eval.layouts import beir, flag, parquet, ratings, trec
from eval.layouts.parts import Layout, Parts
from studio.errors import ReadingError

LAYOUTS = {
    "BEIR (corpus.jsonl, queries.jsonl, qrels/test.tsv)": Layout(beir.recognises, beir.parts),
    "FlagEmbedding (corpus.jsonl, test_queries.jsonl, test_qrels.jsonl)": Layout(
        flag.recognises, flag.parts
    ),
    "Parquet (corpus, queries and qrels, files or folders)": Layout(
        parquet.recognises, parquet.parts
    ),
    "ratings (a CSV of query,docid,rating beside corpus.csv, .jsonl or .parquet)": Layout(
        ratings.recognises, ratings.parts
    ),
    "TREC (corpus.tsv or .trec, topics.tsv or .txt, qrels.txt)": Layout(
        trec.recognises, trec.parts
    ),
}


def recognised(folder: Path) -> Layout | None:
    """The first layout that the folder is in."""
    return next((layout for layout in LAYOUTS.values() if layout.recognises(folder)), None)


def parts(folder: Path) -> Parts:
    """What the folder holds. Raises ReadingError, which names the layouts and their files."""
    layout = recognised(folder)
    if layout is not None:
        return layout.parts(folder)
    # Nearly BEIR's: say what that lacks.
    for needed in ("corpus.jsonl", "queries.jsonl", "qrels"):
        if any((folder / name).exists() for name in beir.FILES) and not (folder / needed).exists():
            raise ReadingError(
                f"{folder} holds no {needed}. BEIR's layout is corpus.jsonl, queries.jsonl and "
                f"qrels/test.tsv. All layouts: {'; '.join(LAYOUTS)}."
            )
    raise ReadingError(f"{folder} holds no collection. Layouts: {'; '.join(LAYOUTS)}.")
