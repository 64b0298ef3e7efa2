"""A run folder read back: what `eval run --output` wrote, strictly, with file and line."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eval.cache import UNREADABLE
from eval.measures import Qrels
from eval.protocols import Ranked, Run, strictly_falling
from eval.report import one_field
from studio.errors import ReadingError, SettingsError
from studio.records import Candidates

RUN = "run"  # the only mode of a TREC run alone
NEEDED = ("collection", "encoder", "modes", "protocol", "settings")  # of run.json


@dataclass(frozen=True, eq=False)
class Saved:
    """A run folder: run.json's object and the judgements. Runs are read when asked for."""

    folder: Path
    about: dict[str, Any]
    qrels: Qrels
    alone: bool = False
    """Whether `folder` is one TREC run, with judgements of another file."""

    @property
    def modes(self) -> list[str]:
        """The modes that there are runs of, in the report's order."""
        return [mode for mode in self.about["modes"] if self.file(mode).is_file()]

    def file(self, mode: str) -> Path:
        """Where the run of a mode is."""
        return self.folder if self.alone else self.folder / "runs" / f"{mode}.trec"

    def measured(self, mode: str) -> bool:
        """Whether the mode has numbers; Dense + Sparse has none where both weigh 0."""
        return bool(self.about["modes"].get(mode))

    def languages(self) -> dict[str, str]:
        """Query → language; empty where the folder does not say."""
        given = self.about.get("languages", {})
        return {one_field(query): str(language) for query, language in given.items()}

    def check(self, mode: str) -> None:
        """Raises SettingsError where there is no run of this mode."""
        if mode not in self.modes:
            raise SettingsError(
                f"{self.folder} has no run of '{mode}'. It has {', '.join(self.modes) or 'none'}."
            )

    def run(self, mode: str) -> tuple[Run, list[str]]:
        """A mode's run, and the passage ids that its rows stand for."""
        self.check(mode)
        return read_run(self.file(mode))


def load(folder: Path) -> Saved:
    """Open a run folder. Raises ReadingError."""
    return Saved(folder, about(folder), read_qrels(folder / "qrels.trec"))


def about(folder: Path) -> dict[str, Any]:
    """run.json's object. Raises ReadingError."""
    if not (folder / "run.json").is_file():
        raise ReadingError(
            f"{folder} holds no run.json. Name a folder that `python -m eval run … --output` wrote."
        )
    return _about(folder / "run.json")


def run_alone(path: Path, judgements: Path) -> Saved:
    """One TREC run, by any system, beside judgements. Raises ReadingError with file and line."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        tag = next(iter(lines), "").split()[-1:] or ["run"]
    about = {
        "collection": judgements.name,
        "encoder": {"name": tag[0]},
        "protocol": "a TREC run",
        "modes": {RUN: {"": None}},
        "settings": {},
    }
    return Saved(path, about, read_qrels(judgements), alone=True)


def candidates(run: Saved) -> list[Candidates]:
    """The pools of a run under `studio`, each named by its query's id. Raises ReadingError."""
    try:
        path = run.folder / "candidates.npz"
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as arrays:
            names = [one_field(str(name)) for name in arrays["queries"]]
            bounds = zip(arrays["offsets"][:-1], arrays["offsets"][1:], strict=True)
            rows, scores = arrays["rows"], arrays["scores"]
        return [
            Candidates(name, rows[start:end], scores[start:end])
            for name, (start, end) in zip(names, bounds, strict=True)
        ]
    except (*UNREADABLE, IndexError) as error:
        raise ReadingError(
            f"{run.folder} holds no readable candidates.npz ({error}). Write the folder again."
        ) from error


def read_qrels(path: Path) -> Qrels:
    """`query 0 passage grade` a line. Raises ReadingError with the line."""
    qrels: dict[str, dict[str, int]] = {}
    for place, (query, _, passage, grade) in _lines(path, 4):
        grades = qrels.setdefault(query, {})
        if passage in grades:
            raise ReadingError(f"{place}: {passage} is judged twice for {query}.")
        try:
            grades[passage] = int(grade)
        except ValueError as error:
            raise ReadingError(f"{place}: the grade '{grade}' is no whole number.") from error
    if not qrels:
        raise ReadingError(f"{path} holds no judgements.")
    return qrels


def read_run(path: Path) -> tuple[Run, list[str]]:
    """`query Q0 passage rank score tag` a line, and the ids of its passages by row.

    Ordered as trec_eval does, by the score in float32 and then the larger passage id; ranks are
    not read. Raises ReadingError with the line.
    """
    rows: dict[str, int] = {}
    found: dict[str, dict[int, float]] = {}
    for place, (query, _, passage, _, score, _) in _lines(path, 6):
        row, scores = rows.setdefault(passage, len(rows)), found.setdefault(query, {})
        if row in scores:
            raise ReadingError(f"{place}: {passage} is returned twice for {query}.")
        scores[row] = _score(score, place)
    ids = list(rows)
    return {query: _ranked(scores, ids) for query, scores in found.items()}, ids


def _ranked(scores: dict[int, float], ids: list[str]) -> Ranked:
    rows, values = np.array(list(scores)), np.array(list(scores.values()), dtype=np.float32)
    if (values[1:] < values[:-1]).all():  # as our own files are
        return Ranked(rows, values)
    order = sorted(range(len(rows)), key=lambda n: (values[n], ids[rows[n]].encode()), reverse=True)
    return Ranked(rows[order], strictly_falling(values[order]))


def _score(text: str, place: str) -> float:
    try:
        score = float(text)
    except ValueError as error:
        raise ReadingError(f"{place}: the score '{text}' is no number.") from error
    if not math.isfinite(score):
        raise ReadingError(f"{place}: the score '{text}' is not finite.")
    return score


def _lines(path: Path, columns: int) -> Iterator[tuple[str, list[str]]]:
    """Each line's place, for messages, and its fields."""
    for number, line in enumerate(_text(path).splitlines(), start=1):
        fields = line.split()
        if len(fields) != columns:
            raise ReadingError(
                f"{path}, line {number}: {len(fields)} columns and not {columns}. "
                "Write the folder again with `python -m eval run … --output`."
            )
        yield f"{path}, line {number}", fields


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError as error:
        raise ReadingError(f"{path} is missing. Write the folder again.") from error
    except UnicodeDecodeError as error:
        raise ReadingError(f"{path} is not UTF-8 from byte {error.start + 1} on.") from error


def _about(path: Path) -> dict[str, Any]:
    try:
        about = json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise ReadingError(f"{path}, line {error.lineno}: {error.msg}.") from error
    if not isinstance(about, dict) or any(not about.get(key) for key in NEEDED):
        raise ReadingError(f"{path} does not say {', '.join(NEEDED)}, as a run's does.")
    objects = [about["encoder"], about["settings"], about["modes"], *_values(about["modes"])]
    if not all(isinstance(value, dict) for value in objects):
        raise ReadingError(f"{path} says encoder, settings or modes otherwise than a run's does.")
    return about


def _values(modes: Any) -> list[Any]:
    return list(modes.values()) if isinstance(modes, dict) else []
