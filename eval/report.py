"""An evaluation as one JSON object, as files on disk, and as a table for a terminal."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from eval import breakdown, charts, digests, gaps, protocols
from eval.evaluation import Evaluation, Scored
from eval.grouping import GROUPINGS
from eval.measures import MEASURES, missing
from eval.pools import packed_lists
from eval.protocols import TITLES, Run
from eval.resampling import SEED
from studio.errors import SettingsError

BLANK = re.compile(r"[\s%]")
PACKAGES = ("torch", "transformers", "tokenizers", "numpy", "scipy", "pandas", "ir-measures",
            "pytrec-eval-terrier", "bm25s", "matplotlib")  # fmt: skip


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """The report that design and checks rely on; measures are fractions of 1."""
    scored, collection = evaluation.scored, evaluation.scored.collection
    settings = evaluation.settings
    return {
        "collection": collection.name,
        "encoder": {
            "name": scored.encoder.name,
            "title": scored.encoder.title,
            "revision": scored.encoder.revision,
            "precision": scored.encoder.precision,
            **scored.limits,
        },
        "queries": len(collection.queries),
        "passages": len(collection.passages),
        "protocol": evaluation.protocol,
        "split": collection.split,
        "modes": evaluation.modes,
        "groups": {name: evaluation.group(name) for name in GROUPINGS},
        "settings": {
            "weights": list(settings.weights),
            "normalise": settings.normalise,
            "method": settings.method,
            "rrf_k": settings.rrf_k,
            **({"dense_sparse": list(evaluation.pair)} if evaluation.pair else {}),
        },
        "missing": missing(evaluation.runs, [q.id for q in collection.queries]),
        "truncated": dict(scored.truncated),
        "gaps": gaps.as_json(evaluation),
        "notes": list(collection.notes),
        "seconds": dict(scored.seconds),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """What computed the numbers."""
    return {"python": platform.python_version()} | {p: metadata.version(p) for p in PACKAGES}


def check_folder(folder: Path) -> None:
    """Make the output folder, or say why it cannot be, before anything slow."""
    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"The output {folder} is a file. Name a folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"The output {folder} cannot be made: {error.strerror}.") from error


def write(evaluation: Evaluation, folder: Path) -> None:
    """report.json, per_query.csv, groups.csv, qrels.trec, runs/*.trec, the scores, the figure;
    run.json, which holds the digests of these, last."""
    check_folder(folder)
    (folder / "runs").mkdir(parents=True, exist_ok=True)
    report = as_json(evaluation)
    _write_json(folder / "report.json", report)
    evaluation.table.to_csv(folder / "per_query.csv", index=False)
    (folder / "qrels.trec").write_text(qrels_trec(evaluation), "utf-8")
    for mode in evaluation.runs:
        (folder / "runs" / f"{mode}.trec").write_text(run_trec(evaluation, mode), "utf-8")
    _write_scores(evaluation.scored, folder)
    charts.write(evaluation, folder)
    breakdown.table(evaluation).to_csv(folder / breakdown.FILE, index=False)
    _write_json(folder / "run.json", report | made_of(evaluation, folder))


def names(modes: Iterable[str], protocol: str) -> list[str]:
    """The files beside run.json."""
    runs = (f"runs/{mode}.trec" for mode in modes)
    scores = scores_file(protocol)
    return [
        "report.json",
        "per_query.csv",
        "qrels.trec",
        *runs,
        scores,
        breakdown.FILE,
        *charts.FILES,
    ]


def scores_file(protocol: str) -> str:
    """Where the raw scores are: one pool's for all modes, or a list per mode."""
    return "lists.npz" if protocols.protocol(protocol).pool == "paper" else "candidates.npz"


def made_of(evaluation: Evaluation, folder: Path) -> dict[str, Any]:
    """What it takes to verify a report: where from, on what, digests, ids, queries by group."""
    collection = evaluation.scored.collection
    files = names(evaluation.runs, evaluation.protocol)
    return {
        "source": collection.source,
        "digests": digests.collection(collection),
        "seed": SEED,
        "hardware": digests.hardware(),
        "files": digests.files(folder, files),
        "ids": list(evaluation.scored.ids),
        **told_apart(evaluation),
    }


def told_apart(evaluation: Evaluation) -> dict[str, Any]:
    """Each query's language, the queries of each group, and those with a passage that was cut."""
    queries = evaluation.scored.collection.queries
    cut = gaps.concerned(evaluation.scored)
    return {
        "languages": {query.id: query.language for query in queries},
        "parts": {by: evaluation.parts(by) for by in GROUPINGS},
        "cut": [query.id for query in queries if query.id in cut],
    }


def _write_scores(scored: Scored, folder: Path) -> None:
    """The raw scores, whole."""
    path = folder / scores_file(scored.protocol)
    if scored.lists:
        np.savez_compressed(path, **packed_lists(scored.lists, scored.reranked))  # type: ignore[arg-type]
        return
    candidates = scored.candidates
    np.savez_compressed(
        path,
        queries=np.asarray([q.id for q in scored.collection.queries]),
        offsets=np.cumsum([0, *(len(c.rows) for c in candidates)]),
        rows=np.concatenate([c.rows for c in candidates]),
        scores=np.concatenate([c.scores for c in candidates]),
    )


def qrels_trec(evaluation: Evaluation) -> str:
    """`query 0 passage grade`, a line per judgement."""
    qrels: Mapping[str, Mapping[str, int]] = evaluation.scored.collection.qrels
    return "".join(
        f"{one_field(query)} 0 {one_field(passage)} {grade}\n"
        for query, grades in qrels.items()
        for passage, grade in grades.items()
    )


def run_trec(evaluation: Evaluation, mode: str) -> str:
    """`query Q0 passage rank score tag`, scores in full so that none is tied by rounding."""
    run: Run = evaluation.runs[mode]
    ids, tag = evaluation.scored.ids, one_field(f"{evaluation.scored.encoder.name}-{mode}")
    return "".join(
        f"{one_field(query)} Q0 {one_field(ids[row])} {rank} {float(score)!r} {tag}\n"
        for query, ranked in run.items()
        for rank, (row, score) in enumerate(zip(ranked.rows, ranked.scores, strict=True), start=1)
    )


def one_field(name: str) -> str:
    """An id as one field of a TREC file: blanks, which separate fields, and % quoted as in URLs."""
    return BLANK.sub(lambda m: quote(m.group()), name)


def as_text(evaluation: Evaluation) -> str:
    """The table for people: modes by measures, and what a reader must know beside it."""
    report = as_json(evaluation)
    encoder = report["encoder"]
    lines = [
        f"{report['collection']} · {report['queries']:,} queries · {report['passages']:,} passages",
        f"encoder {encoder['title']} · {encoder['revision']} · {encoder['precision']}",
        f"protocol {report['protocol']} · {settings_text(evaluation)}",
        truncated_text(evaluation),
        "",
        " " * 16 + "".join(f"{name:>12}" for name in MEASURES),
    ]
    for mode, numbers in report["modes"].items():
        cells = (f"{numbers[m]:12.4f}" if m in numbers else f"{'–':>12}" for m in MEASURES)
        lines.append(f"{TITLES[mode]:16}{''.join(cells)}")
    lines += [*breakdown.as_text(evaluation), ""]
    lost = {mode: n for mode, n in report["missing"].items() if n and report["modes"][mode]}
    lines += [f"{TITLES[mode]} found nothing for {n} queries (0 each)." for mode, n in lost.items()]
    lines.append(gaps.sentence(evaluation))
    return "\n".join([*lines, *(f"note: {note}" for note in report["notes"])])


def settings_text(evaluation: Evaluation) -> str:
    """Weights and method in a line."""
    settings = evaluation.settings
    weights = " / ".join(f"{w:g}" for w in settings.weights)
    if evaluation.pair:
        weights += f", dense + sparse {' / '.join(f'{w:g}' for w in evaluation.pair)}"
    how = f"RRF, k = {settings.rrf_k:g}" if settings.method == "rrf" else settings.normalise
    return f"weights {weights} · {'raw scores' if how == 'none' else how}"


def truncated_text(evaluation: Evaluation) -> str:
    """How many texts were longer than the encoder reads, none included."""
    cut, limits = evaluation.scored.truncated, evaluation.scored.limits
    if not any(cut.values()):
        return "nothing truncated"
    return (
        f"truncated: {cut['passages']:,} passages at {limits['passage_tokens']:,} tokens, "
        f"{cut['queries']:,} queries at {limits['query_tokens']:,}"
    )


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), "utf-8")
