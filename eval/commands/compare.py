"""`python -m eval compare`: do runs, or the modes of a run, differ on these labels?"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval import comparison, measures, saved, significance
from eval.commands import Commands
from studio.errors import SettingsError
from studio.records import Floats
from studio.settings import add_home

PARTS = ("collection", "split", "passages", "protocol")  # of run.json that should be the same

EPILOG = """Compared are all pairs of what is named: of several runs the fused mode, or each mode of
--modes of each run; of one run its modes. Holm's correction goes over all of them, so name few.
A difference is the first minus the second."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """One mode of one run, under the name that the pairs bear: `folder/mode`."""

    name: str
    run: saved.Saved
    mode: str


def register(commands: Commands) -> None:
    """The verb and its flags."""
    parser = commands.add_parser(
        "compare", help="whether runs, or the modes of a run, differ", epilog=EPILOG
    )
    parser.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN_DIR",
        help="a folder that run --output wrote, or a TREC run of any system, with --qrels",
    )  # fmt: skip
    parser.add_argument("--qrels", type=Path, metavar="FILE", help="judgements of TREC runs")
    parser.add_argument("--measure", default=measures.HEADLINE, help="nDCG@k, Recall@k, MAP, …")
    parser.add_argument(
        "--modes", nargs="+", metavar="MODE", help="dense, sparse, multi_vector, dense_sparse, …"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_home(parser)
    parser.set_defaults(command=compare)


def compare(arguments: argparse.Namespace) -> None:
    """Read the folders, measure again, test every pair; print a page or one JSON object."""
    measure = measures.canonical(arguments.measure)
    runs = [opened(path, arguments.qrels) for path in arguments.runs]
    for other in runs[1:]:
        same_labels(runs[0], other)
    named = rankings(labels(arguments.runs), runs, arguments.modes)
    kept = [ranking for ranking in named if ranking.run.measured(ranking.mode)]
    if len(kept) < 2:
        raise SettingsError(
            f"There is nothing to compare: {len(kept)} of {len(named)} rankings have numbers. "
            "Name two runs, or one and two of its modes."
        )
    queries, languages = list(runs[0].qrels), runs[0].languages()
    made = comparison.compared(
        measure,
        {ranking.name: values(ranking, runs[0].qrels, measure) for ranking in kept},
        [languages.get(query, "") for query in queries] if languages else None,
        [ranking.name for ranking in named if ranking not in kept],
    )
    about = {label: describe(run) for label, run in zip(labels(arguments.runs), runs, strict=True)}
    notes = differing(about) + ([] if languages else [NO_LANGUAGES])
    if arguments.json:
        whole = made.as_json() | {"runs": about, "notes": notes}
        print(json.dumps(whole, ensure_ascii=False))
        return
    print("\n".join(sentence(label, run) for label, run in about.items()))
    print(comparison.as_text(made))
    print("".join(f"note: {note}\n" for note in notes), end="")


def opened(path: Path, qrels: Path | None) -> saved.Saved:
    """A run's folder, or a TREC run beside judgements. Raises StudioError."""
    if not path.is_file():
        return saved.load(path)
    if qrels is None:
        raise SettingsError(f"{path} is a TREC run: name its judgements with --qrels FILE.")
    return saved.run_alone(path, qrels)


NO_LANGUAGES = "run.json does not say the queries' languages: each query counts alike in means."


def values(ranking: Ranking, qrels: measures.Qrels, measure: str) -> Floats:
    """The measure of each judged query, in the order of the judgements, from the TREC files."""
    run, ids = ranking.run.run(ranking.mode)
    chosen = {measure: measures.parse(measure)}
    table = measures.per_query(qrels, {ranking.name: run}, ids, chosen)
    return significance.values(table, measure)[1][ranking.name]


def rankings(
    names: Sequence[str], runs: Sequence[saved.Saved], modes: Sequence[str] | None
) -> list[Ranking]:
    """Run by run, mode by mode; one run alone gives its own modes, bare of the folder."""
    alone = len(runs) == 1
    wanted = list(dict.fromkeys(modes or (runs[0].modes if alone else ["fused"])))
    made = [
        Ranking(name if run.alone else mode if alone else f"{name}/{mode}", run, mode)
        for name, run in zip(names, runs, strict=True)
        for mode in ([saved.RUN] if run.alone else wanted)
    ]
    for ranking in made:
        ranking.run.check(ranking.mode)
    return made


def labels(folders: Sequence[Path]) -> list[str]:
    """The folders' last parts, as many as tell them apart; a folder named again is numbered."""
    whole = [folder.resolve() for folder in folders]
    depth = max(len(path.parts) for path in whole)
    for length in range(1, depth + 1):
        short = ["/".join(path.parts[-length:]) for path in whole]
        if len(set(short)) == len(set(whole)):
            break
    return [
        name if not (before := short[:n].count(name)) else f"{name} ({before + 1})"
        for n, name in enumerate(short)
    ]


def same_labels(first: saved.Saved, other: saved.Saved) -> None:
    """Raises SettingsError where two runs are over different queries or judgements."""
    if first.qrels.keys() != other.qrels.keys():
        raise SettingsError(
            f"Two runs over different queries: {first.folder} has {len(first.qrels):,}, "
            f"{other.folder} has {len(other.qrels):,}, and {len(first.qrels.keys() & other.qrels)} "
            "are in both. Compare runs of the same collection and split."
        )
    for query, grades in first.qrels.items():
        if grades != other.qrels[query]:
            count = sum(first.qrels[q] != other.qrels[q] for q in first.qrels)
            raise SettingsError(
                f"Two runs with different judgements: {first.folder} and {other.folder} differ in "
                f"those of {count:,} of {len(first.qrels):,} queries, {query} for one. "
                "Run both on the same version of the collection."
            )


def describe(run: saved.Saved) -> dict[str, Any]:
    """What was run: encoder, collection, protocol, settings."""
    names = ("encoder", *PARTS, "settings")
    return {"folder": str(run.folder)} | {name: run.about.get(name) for name in names}


def differing(about: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What a reader must know where runs are not alike in more than encoder and settings."""
    found = []
    for part in PARTS:
        given = [run[part] for run in about.values()]
        if any(value != given[0] for value in given):
            found.append(f"the runs differ in {part}: {', '.join(map(str, given))}")
    return found


def sentence(label: str, run: Mapping[str, Any]) -> str:
    """A run in a line."""
    encoder, settings = run["encoder"], run["settings"]
    if not settings:  # a TREC run tells no more than its tag
        return f"{label}: {run['protocol']}, tag {encoder['name']}, judged by {run['collection']}"
    made = (encoder.get("title") or encoder.get("name"), *map(encoder.get, SHOWN))
    weights = " / ".join(f"{weight:g}" for weight in settings.get("weights") or ())
    how = [settings.get(name) for name in ("method", "normalise")]
    return (
        f"{label}: {run['collection']} · protocol {run['protocol']} · encoder "
        f"{' · '.join(str(part) for part in made if part)} · weights {weights} "
        f"· {', '.join(str(part) for part in how if part)}"
    )


SHOWN = ("revision", "precision")
