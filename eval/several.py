"""Several languages, each with a corpus of its own, as one result.

The headline is the mean over languages of each language's mean over queries: a language of 100
queries counts as much as one of 1,000. A number that one language lacks is missing in the mean.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from eval import collection, layouts, report
from eval.collection import BUNDLED, TestCollection
from eval.evaluation import Evaluation, Numbers
from eval.grouping import in_order
from eval.measures import HEADLINE
from eval.protocols import TITLES
from studio.errors import SettingsError

AVERAGE = "average"


@dataclass(frozen=True, eq=False)
class Combined:
    """Evaluations of one making, by language, in MIRACL's order and then by name."""

    name: str
    evaluations: Mapping[str, Evaluation]

    @property
    def by_language(self) -> dict[str, Numbers]:
        """Language → mode → measure → mean over its queries."""
        return {language: one.modes for language, one in self.evaluations.items()}

    @property
    def modes(self) -> Numbers:
        """Mode → measure → mean over languages."""
        return average(self.by_language)

    def table(self, measure: str = HEADLINE) -> pd.DataFrame:
        """A row per mode, by its title: the average, then a column per language."""
        parts = {AVERAGE: self.modes, **self.by_language}
        rows = [
            {"mode": TITLES[mode]}
            | {name: numbers.get(mode, {}).get(measure) for name, numbers in parts.items()}
            for mode in self.modes
        ]
        return pd.DataFrame(rows, columns=["mode", *parts])


def load(name: str, split: str | None = None) -> list[TestCollection]:
    """A collection, or those of a folder of folders in one of the layouts, a language each."""
    names = [name]
    with suppress(OSError, RuntimeError):  # what is no path at all is told by `collection.load`
        folder = Path(name).expanduser()
        if name not in BUNDLED and folder.is_dir() and not _holds_corpus(folder):
            below = (path for path in folder.iterdir() if path.is_dir())
            names = sorted(str(path) for path in below if _holds_corpus(path)) or names
    return [collection.load(one, split) for one in names]


def _holds_corpus(folder: Path) -> bool:
    """Whether it is meant as a collection; what one lacks is told, and no language is left out."""
    begun = (folder / "corpus.jsonl").exists() or any(folder.glob("corpus.*"))
    return begun or layouts.recognised(folder) is not None


def combine(evaluations: Sequence[Evaluation]) -> Combined:
    """One result of evaluations of one encoder, protocol and setting, one of each language.

    Raises SettingsError where they are not.
    """
    if not evaluations:
        raise SettingsError("There is nothing to put together: no collection was evaluated.")
    first = evaluations[0]
    for one in evaluations:
        same = (one.scored.encoder, one.scored.limits, one.protocol, one.settings)
        if same != (first.scored.encoder, first.scored.limits, first.protocol, first.settings):
            raise SettingsError(
                f"{one.scored.collection.name} and {first.scored.collection.name} were not "
                "evaluated alike: encoder, limits, protocol and weights must be the same."
            )
    named = {}
    for one in evaluations:
        language = language_of(one)
        if language in named:
            raise SettingsError(f"Two of the collections are in the language '{language}'.")
        named[language] = one
    names = [one.scored.collection.name for one in evaluations]
    common = names[0].rpartition("/")[0] if len(names) > 1 else names[0]
    return Combined(common or names[0], {name: named[name] for name in in_order(list(named))})


def language_of(evaluation: Evaluation) -> str:
    """The language that all queries name, else the last part of the collection's name."""
    languages = evaluation.scored.collection.languages
    return languages[0] if len(languages) == 1 else _last(evaluation)


def average(by_language: Mapping[str, Numbers]) -> Numbers:
    """Means over languages of what every language has."""
    numbers = list(by_language.values())
    return {
        mode: {
            measure: sum(one[mode][measure] for one in numbers) / len(numbers)
            for measure in numbers[0][mode]
            if all(measure in one.get(mode, {}) for one in numbers)
        }
        for mode in numbers[0]
        if all(mode in one for one in numbers)
    }


def as_json(combined: Combined) -> dict[str, Any]:
    """The report of one collection, with sums, the means over languages, and the languages."""
    reports = {name: report.as_json(one) for name, one in combined.evaluations.items()}
    return together(combined.name, reports)


def together(name: str, reports: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The report of all from those of each language, under the collection's name."""
    parts = list(reports.values())
    by_language: dict[str, Numbers] = {
        language: part["modes"] for language, part in reports.items()
    }
    return {
        **parts[0],
        "collection": name,
        "queries": sum(part["queries"] for part in parts),
        "passages": sum(part["passages"] for part in parts),
        "modes": average(by_language),
        "groups": {"language": by_language, "kind": {}, "length": {}},
        "missing": _summed([part["missing"] for part in parts]),
        "truncated": _summed([part["truncated"] for part in parts]),
        "gaps": {language: part["gaps"] for language, part in reports.items()},
        "seconds": _summed([part["seconds"] for part in parts]),
        "notes": [f"{language}: {x}" for language, part in reports.items() for x in part["notes"]],
    }


def as_text(combined: Combined) -> str:
    """Modes by languages, nDCG@10, the average first."""
    first = next(iter(combined.evaluations.values()))
    table = combined.table()
    languages = len(combined.evaluations)
    queries = sum(len(e.scored.collection.queries) for e in combined.evaluations.values())
    lines = [
        f"{combined.name} · {languages} languages, a corpus each · {queries:,} queries",
        f"encoder {first.scored.encoder.title} · {first.scored.encoder.revision}",
        f"protocol {first.protocol} · {report.settings_text(first)}",
        "",
        f"{HEADLINE:16}" + "".join(f"{name:>9}" for name in table.columns[1:]),
    ]
    for _, row in table.iterrows():
        cells = ("–" if pd.isna(x) else f"{x:.4f}" for x in row.iloc[1:])
        lines.append(f"{row['mode']:16}" + "".join(f"{cell:>9}" for cell in cells))
    return "\n".join(lines)


def write(combined: Combined, folder: Path) -> None:
    """report.json of all, and of each language a folder with all that a run writes."""
    report.check_folder(folder)
    for language, one in combined.evaluations.items():
        report.write(one, folder / report.one_field(language))
    text = json.dumps(as_json(combined), ensure_ascii=False, indent=1)
    (folder / "report.json").write_text(text, "utf-8")


def _last(evaluation: Evaluation) -> str:
    return evaluation.scored.collection.name.rpartition("/")[2]


def _summed(parts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Key by key; what one part lacks adds nothing there."""
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: sum(part.get(name, 0) for part in parts) for name in names}
