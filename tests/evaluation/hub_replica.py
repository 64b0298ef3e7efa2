"""Small replicas of the Hub's data sets, and a cache of the Hub's layout that holds them.

blobs/<checksum>, snapshots/<commit>/<file> → blob, refs/main: what `hf download` leaves.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Rows = Sequence[Mapping[str, Any]]
Contents = Mapping[str, bytes]


def parquet(rows: Rows) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), file)
    return file.getvalue()


def lines(rows: Rows) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def packed(rows: Rows) -> bytes:
    return gzip.compress(lines(rows))


def card(configs: Mapping[str, Mapping[str, str]]) -> bytes:
    """A card's front matter: config → split → path."""
    told = ["---", "configs:"]
    for name, splits in configs.items():
        told += [f"- config_name: {name}", "  data_files:"]
        for split, path in splits.items():
            told += [f"  - split: {split}", f"    path: {path}"]
    return "\n".join([*told, "---", "# A data set", ""]).encode()


def put(cache: Path, repository: str, revision: str, contents: Contents) -> Path:
    """The files in the cache, as a download leaves them; gives the snapshot's folder."""
    storage = cache / ("datasets--" + repository.replace("/", "--"))
    folder = storage / "snapshots" / revision
    for name, content in contents.items():
        blob = storage / "blobs" / hashlib.sha256(content).hexdigest()
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(content)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(blob)
    (storage / "refs").mkdir(exist_ok=True)
    (storage / "refs" / "main").write_text(revision)
    return folder


CORPUS = (
    {"_id": "fox", "title": "Fox", "text": "A fox."},
    {"_id": "owl", "title": "", "text": "An owl."},
    {"_id": "hen", "title": "", "text": "A hen."},
)
QUERIES = ({"_id": "q1", "text": "fox?"}, {"_id": "q2", "text": "owl?"}, {"_id": "q3", "text": "?"})
JUDGED = (
    {"query-id": "q1", "corpus-id": "fox", "score": 2},
    {"query-id": "q1", "corpus-id": "hen", "score": 0},
    {"query-id": "q2", "corpus-id": "owl", "score": 1},
)


def mteb_single(split: str = "test") -> Contents:
    """As mteb/nfcorpus: JSON Lines, configs corpus, queries, default."""
    qrels = f"qrels/{split}.jsonl"
    return {
        "README.md": card(
            {
                "default": {split: qrels, "train": "qrels/train.jsonl"},
                "corpus": {"corpus": "corpus.jsonl"},
                "queries": {"queries": "queries.jsonl"},
            }
        ),
        "corpus.jsonl": lines(CORPUS),
        "queries.jsonl": lines(QUERIES),
        qrels: lines(JUDGED),
    }


def mteb_several(language: str, split: str = "dev") -> Contents:
    """As mteb/MIRACLRetrievalHardNegatives: Parquet, three configs for each language."""
    names = [f"{language}-{kind}" for kind in ("corpus", "queries", "qrels")]
    corpus = [{"id": row["_id"], "title": row["title"], "text": row["text"]} for row in CORPUS]
    queries = [{"id": row["_id"], "text": row["text"]} for row in QUERIES]
    configs = {name: {split: f"{name}/{split}-*"} for name in [*names, "xx-corpus"]}
    return {
        "README.md": card(configs),
        f"{names[0]}/{split}-00000-of-00002.parquet": parquet(corpus[:2]),
        f"{names[0]}/{split}-00001-of-00002.parquet": parquet(corpus[2:]),
        f"{names[1]}/{split}-00000-of-00001.parquet": parquet(queries),
        f"{names[2]}/{split}-00000-of-00001.parquet": parquet(JUDGED),
    }


def miracl_topics(language: str) -> Contents:
    """As miracl/miracl: tab-separated topics, and TREC's four columns."""
    place, stem = f"miracl-v1.0-{language}", f"miracl-v1.0-{language}-dev.tsv"
    topics = "".join(f"{row['_id']}\t{row['text']}\n" for row in QUERIES)
    qrels = "".join(f"{r['query-id']}\tQ0\t{r['corpus-id']}\t{r['score']}\n" for r in JUDGED)
    return {
        f"{place}/topics/topics.{stem}": topics.encode(),
        f"{place}/qrels/qrels.{stem}": qrels.encode(),
        "miracl.py": b"raise SystemExit('never run')",
    }


def miracl_corpus(language: str, shards: Sequence[Rows]) -> Contents:
    """As miracl/miracl-corpus: gzipped shards."""
    rows = [
        [{"docid": r["_id"], "title": r["title"], "text": r["text"]} for r in s] for s in shards
    ]
    place = f"miracl-corpus-v1.0-{language}"
    return {f"{place}/docs-{n}.jsonl.gz": packed(shard) for n, shard in enumerate(rows)}


def mldr(language: str) -> Contents:
    """As Shitao/MLDR."""
    asked = [
        {
            "query_id": "q1", "query": "fox?",
            "positive_passages": [{"docid": "fox", "text": "A fox."}],
            "negative_passages": [{"docid": "hen", "text": "A hen."}],
        },
        {
            "query_id": "q2", "query": "owl?", "negative_passages": [],
            "positive_passages": [{"docid": "owl", "text": "An owl."}],
        },
    ]  # fmt: skip
    corpus = [{"docid": row["_id"], "text": row["text"]} for row in CORPUS]
    place = f"mldr-v1.0-{language}"
    return {f"{place}/corpus.jsonl.gz": packed(corpus), f"{place}/test.jsonl.gz": packed(asked)}


def xquad(language: str) -> Contents:
    """As google/xquad: a question asked twice, the second time of another context."""
    rows = [
        {"id": "1", "context": "A fox.", "question": "Who?"},
        {"id": "2", "context": "An owl.", "question": "What?"},
        {"id": "3", "context": "An owl.", "question": "Who?"},
    ]
    return {f"xquad.{language}/validation-00000-of-00001.parquet": parquet(rows)}
