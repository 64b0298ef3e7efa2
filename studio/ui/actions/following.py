"""The evaluation's table as the weights move: counted from the same scores, not ranked anew."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import pandas as pd

from eval import modes, surface
from eval.evaluation import Scored
from eval.measures import HEADLINE, MEASURES
from eval.surface import Labelled
from studio.records import FusionSettings
from studio.ui import tables
from studio.ui.session import Measured

MIXES = ("dense_sparse", "fused")
LABELS: WeakKeyDictionary[Scored, Labelled] = WeakKeyDictionary()


def follow(
    measured: Measured, grouping: str, settings: FusionSettings
) -> tuple[pd.DataFrame, dict[str, Any]] | None:
    """The table at these weights and a word on them; None where there is nothing to follow.

    Only under `studio` do weights move: the paper's protocols fix theirs.
    """
    evaluation = measured.evaluation
    if evaluation is None or evaluation.protocol != "studio" or evaluation.settings == settings:
        return None
    scored = evaluation.scored
    if scored not in LABELS:
        LABELS[scored] = surface.of(scored)
    labels = LABELS[scored]
    found = modes.by_mode(labels, settings, tuple(MEASURES), MIXES)
    weights = " / ".join(f"{weight:g}" for weight in settings.weights)
    said = f"At weights {weights}. Press Run for intervals, pairs and downloads at these weights."
    status = {"kind": "done", "share": None, "text": said}
    mixes: dict[str, dict[str, float]] = {mode: {} for mode in MIXES}
    if grouping == "all":
        numbers = evaluation.modes | mixes | modes.means(found, labels.languages)
        return tables.modes(numbers, measured.comparison, MIXES), status
    if grouping == "language":
        by = modes.by_language(found, labels.languages, HEADLINE)
        groups = {
            name: old | {mode: {HEADLINE: by[name][mode]} for mode in by.get(name, {})}
            for name, old in evaluation.group("language").items()
        }
        average = evaluation.modes | modes.means(found, labels.languages)
        return tables.groups(groups, average), status
    return None
