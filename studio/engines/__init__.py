"""Take a setting away: as a sentence, a command, JSON, and configuration of search engines.

Each engine fuses by a formula of its own. Here stands each as a pure function of raw scores, with
the engine's tie rule and what differs from this studio's, as its source or documentation says it;
none of them is asked over a network.
"""

from __future__ import annotations

from collections.abc import Sequence

from studio.engines import (
    elastic,
    joiner,
    milvus,
    mteb_hybrid,
    opensearch,
    qdrant,
    sbert,
    vespa,
    weaviate,
)
from studio.engines.compare import Difference, difference
from studio.engines.engine import Context, Engine, Export, Fused, kind
from studio.engines.lists import Depth
from studio.engines.plain import plain
from studio.errors import SettingsError
from studio.records import Candidates, FusionSettings

__all__ = [
    "ENGINES",
    "Context",
    "Difference",
    "Engine",
    "Export",
    "Fused",
    "differences",
    "exports",
    "find",
    "rank",
]

FAMILIES = (qdrant, milvus, opensearch, elastic, vespa, weaviate, joiner, mteb_hybrid, sbert)
ENGINES: dict[str, Engine] = {
    engine.key: engine for family in FAMILIES for engine in family.ENGINES
}
LISTS = "Each list brings its top {depth} there; a document that a list lacks adds 0 to its total."
UNION = (
    "Candidates are the top {depth} of dense and of sparse there; all their scores are computed."
)


def exports(settings: FusionSettings, context: Context | None = None) -> list[Export]:
    """The sentence, the commands, JSON, then every engine's nearest to this setting."""
    context = context or Context()
    serving = [engine for engine in ENGINES.values() if kind(settings) in engine.serves]
    return plain(settings, context) + [
        export(engine, settings, context) for engine in serving if _can(engine, settings)
    ]


def export(engine: Engine, settings: FusionSettings, context: Context) -> Export:
    """One engine's configuration, and what differs there, the tie rule last."""
    pool = {"lists": (LISTS,), "union": (UNION,), "all": ()}[engine.pool]
    told = *engine.differs(settings), *(line.format(depth=context.depth) for line in pool)
    return Export(
        engine.key,
        engine.title,
        engine.language,
        engine.text(settings, context),
        engine.exact(settings),
        (*told, engine.tie_rule),
        engine.source,
    )


def rank(
    engine_key: str, candidates: Candidates, settings: FusionSettings, depth: Depth = None
) -> Fused:
    """Rank a pool as an engine would, each of its lists cut at `depth` (None: complete)."""
    return find(engine_key)(candidates.scores, settings, depth)


def differences(
    candidates: Candidates,
    settings: FusionSettings,
    engine_key: str,
    depth: Depth = None,
    top: int = 10,
) -> Difference:
    """How an engine's first results differ from this studio's."""
    return difference(candidates, settings, find(engine_key), depth, top)


def find(engine_key: str) -> Engine:
    """An engine by its key, such as qdrant-rrf."""
    if engine_key not in ENGINES:
        known: Sequence[str] = sorted(ENGINES)
        raise SettingsError(
            f"There is no engine '{engine_key}'. Choose one of: {', '.join(known)}."
        )
    return ENGINES[engine_key]


def _can(engine: Engine, settings: FusionSettings) -> bool:
    return any(w > 0 and has for w, has in zip(settings.weights, engine.modes, strict=True))
