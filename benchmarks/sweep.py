"""How fast all weights are measured, beside ranx's optimize_fusion, in one run.

    pip install ranx
    python benchmarks/sweep.py

Three lists a query, 200 candidates, min-max, weighted sum, nDCG@10, scores drawn by lot with a few
relevant passages a query. ranx tries a grid in steps of .1; its time is taken a point, since its
grid loses points to float equality (it tries those whose sum == 1.0). Rounds are interleaved, and
every ratio is within a round. Peak memory is that of a process of its own.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np

from benchmarks.machine import described, seconds
from eval import surface
from eval.grid import simplex
from eval.surface import Labelled
from studio.records import Candidates, FusionSettings

SETTINGS = FusionSettings(normalise="min-max")
CANDIDATES = 200
STEPS = (0.05, 0.01)
NUMBERS = re.compile(r"[0-9]+\.[0-9]+")  # of '(np.float64(0.1), …)'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--beside", type=int, default=300, help="queries that ranx gets as well")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", type=float, help="one sweep at this step, for its memory")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/sweep.json")
    arguments = parser.parse_args()
    if arguments.alone:
        took = weigh(made(arguments.queries), arguments.alone)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
        print(json.dumps({"seconds": round(took, 3), "peak_mb": round(peak)}))
        return
    report = {
        "what": f"{arguments.queries:,} queries of {CANDIDATES} candidates, three modes, min-max",
        "machine": described("ranx", "numba"),
        "sweeps": {
            f"{len(simplex(step)):,} points": alone(arguments.queries, step, arguments.rounds)
            for step in STEPS
        },
        "beside_ranx": beside(arguments.beside, arguments.rounds),
    }
    arguments.output.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    print(json.dumps(report, indent=1))


def made(queries: int) -> Labelled:
    """Candidates and judgements drawn by lot, some passages judged that no list holds."""
    draw = np.random.default_rng(0)
    ids = [f"p{n}" for n in range(CANDIDATES)]
    pools, qrels = [], {}
    for number in range(queries):
        name = f"q{number}"
        scores = draw.random((CANDIDATES, 3)).astype(np.float32)
        pools.append(Candidates(name, np.arange(CANDIDATES), scores))
        judged = draw.choice(CANDIDATES, size=draw.integers(1, 6), replace=False)
        qrels[name] = {ids[row]: int(draw.integers(1, 3)) for row in judged} | {"outside": 1}
    return surface.labelled(pools, list(qrels), ids, qrels, {})


def weigh(labels: Labelled, step: float) -> float:
    """Seconds of normalising and measuring at every point."""
    weights = simplex(step)
    return seconds(lambda: surface.values(labels, surface.normalised(labels, SETTINGS), weights))


def alone(queries: int, step: float, rounds: int) -> dict[str, Any]:
    """A process a round: seconds, the middle and the worst, and the highest memory."""
    line = [sys.executable, "-W", "ignore", __file__, "--queries", queries, "--alone", step]
    found = []
    for _ in range(rounds):
        done = subprocess.run(list(map(str, line)), capture_output=True, text=True, check=True)
        found.append(json.loads(done.stdout))
    times = [one["seconds"] for one in found]
    return {
        "seconds": statistics.median(times),
        "worst": max(times),
        "peak_mb": max(one["peak_mb"] for one in found),
    }


def beside(queries: int, rounds: int) -> dict[str, Any]:
    """ranx and the sweep on the same lists, round by round, by weight point."""
    from ranx import Qrels, Run, optimize_fusion

    labels = made(queries)
    names = [f"p{n}" for n in range(CANDIDATES)]
    runs = [
        Run({
            query: dict(zip(names, pool.scores[:, mode].astype(float).tolist(), strict=True))
            for query, pool in zip(labels.queries, labels.candidates, strict=True)
        })
        for mode in range(3)
    ]  # fmt: skip
    qrels = Qrels({
        query: {names[at]: int(grade) for at, grade in zip(places, grades, strict=True)}
        | {"outside": 1}
        for query, places, grades in zip(labels.queries, labels.places, labels.grades, strict=True)
    })  # fmt: skip

    def theirs() -> Any:
        return optimize_fusion(
            qrels, runs, norm="min-max", method="wsum", metric="ndcg@10", step=0.1,
            return_optimization_report=True,
        )  # fmt: skip

    _, told = theirs()  # numba compiles
    tried = len(told.configs)
    weigh(labels, 0.05)
    turns = [(seconds(theirs) / tried, *(a_point(labels, s) for s in STEPS)) for _ in range(rounds)]
    return {
        "queries": queries,
        "ranx_points": f"{tried} of {len(simplex(0.1))}",
        "ranx_ms_a_point": round(1e3 * statistics.median(turn[0] for turn in turns), 1),
        **{
            f"ours, {len(simplex(step)):,} points": against(
                [turn[0] for turn in turns], [turn[n] for turn in turns]
            )
            for n, step in enumerate(STEPS, start=1)
        },
        "largest_difference": largest_difference(labels, told),
    }


def a_point(labels: Labelled, step: float) -> float:
    """Seconds a point."""
    return weigh(labels, step) / len(simplex(step))


def against(theirs: list[float], ours: list[float]) -> dict[str, Any]:
    """Our time a point, and how many times that theirs is, round by round."""
    ratios = [a / b for a, b in zip(theirs, ours, strict=True)]
    return {
        "ms_a_point": round(1e3 * statistics.median(ours), 3),
        "times_ranx": {"median": round(statistics.median(ratios)), "worst": round(min(ratios))},
    }


def largest_difference(labels: Labelled, told: Any) -> float:
    """Between ranx's means and ours at the points it tried."""
    weights = np.asarray([NUMBERS.findall(str(config)) for config in told.configs], dtype=float)
    values = surface.values(labels, surface.normalised(labels, SETTINGS), weights)
    return float(np.abs(values.mean(axis=0) - np.asarray(told.results)).max())


if __name__ == "__main__":
    main()
