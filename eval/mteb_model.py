"""Our encoder with its weights as a search model of mteb: mteb runs any mix on its own tasks.

    model = MtebModel(encoders.load("BAAI/bge-m3"), FusionSettings((1, 0.3, 1)))
    mteb.evaluate(model, mteb.get_tasks(["SciFact"]))

Keeps mteb's `SearchProtocol` (mteb 2.26.24, mteb/models/models_protocols.py) by shape: nothing here
derives from mteb, which is asked for its `ModelMeta` only, when a model is made. What is encoded,
the pools and the order are those of `--protocol mteb`; the task's own rules, such as taking the
passage away whose id is the query's, are left to mteb, which applies them after the search.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from eval import protocols
from eval.collection import Query, TestCollection
from eval.evaluation import limits, score
from studio.encoders.protocol import Encoder
from studio.errors import SettingsError, StudioError
from studio.records import FusionSettings, Passage, Progress, silent
from studio.workspace import default_home

PROTOCOL = "mteb"
OWNER = "hybrid-retrieval-studio"  # before the name, so that no result passes for the model's own
MIXES = ("dense_sparse", "fused")

Rows = Iterable[Mapping[str, Any]]
"""What mteb hands over as a `datasets.Dataset`: rows with id, text and perhaps more."""
Found = dict[str, dict[str, float]]
"""Query id → passage id → score, best first."""


class MtebModel:
    """One mode or mix of an encoder. `mode`: one of `protocols.RUN_MODES`; settings weigh mixes.

    Encodings and scores are kept in `cache`, by default where `python -m eval run` keeps them.
    Raises SettingsError for a mode that is unknown or empty, StudioError where mteb is absent.
    """

    def __init__(
        self,
        encoder: Encoder,
        settings: FusionSettings | None = None,
        mode: str = "fused",
        cache: Path | None = None,
        progress: Progress = silent,
    ) -> None:
        self.settings = settings or FusionSettings()
        if mode not in protocols.RUN_MODES:
            modes = ", ".join(protocols.RUN_MODES)
            raise SettingsError(f"There is no mode '{mode}'. Use one of: {modes}.")
        if mode == "dense_sparse" and not any(self.settings.weights[:2]):
            raise SettingsError("dense_sparse needs a weight above 0 for dense or for sparse.")
        self.encoder, self.mode, self.progress = encoder, mode, progress
        self.cache = cache or default_home() / "cache"
        self._passages: tuple[Passage, ...] = ()
        self._meta = _meta(encoder, self.settings, mode)

    @property
    def mteb_model_meta(self) -> Any:
        """mteb's `ModelMeta`. mteb keeps results by it, so all that changes a number is in it."""
        return self._meta

    def index(self, corpus: Rows, **_task: Any) -> None:
        """Take a task's corpus. It is encoded at the first search, or was before."""
        self._passages = tuple(_passage(row) for row in corpus)

    def search(
        self,
        queries: Rows,
        *,
        top_k: int,
        top_ranked: Mapping[str, Sequence[str]] | None = None,
        **_task: Any,
    ) -> Found:
        """Each query's best `top_k`, at most 1,000, with scores that fall strictly.

        mteb's batch size is not heeded: our encoders fill batches by tokens. Raises SettingsError
        for tasks that hand over lists to re-rank, or queries that are no plain text.
        """
        if top_ranked:
            raise SettingsError(
                "This task hands over lists to re-rank; this model searches the whole corpus. "
                "Choose a retrieval task."
            )
        asked = tuple(Query(row["id"], _query_text(row)) for row in queries)
        collection = TestCollection(PROTOCOL, self._passages, asked, qrels={})
        scored = score(collection, self.encoder, self.cache, self.progress, PROTOCOL)
        places = protocols.protocol(PROTOCOL).places(scored.ids)
        names = [query.id for query in asked]
        runs = protocols.mteb_runs(
            scored.candidates, names, self.settings, scored.ids, places, False, (self.mode,)
        )
        return {q: _named(found, scored.ids, top_k) for q, found in runs[self.mode].items()}


def _named(found: protocols.Ranked, ids: Sequence[str], depth: int) -> dict[str, float]:
    rows, scores = found.rows[:depth].tolist(), found.scores[:depth].tolist()
    return dict(zip([ids[row] for row in rows], scores, strict=True))


def _passage(row: Mapping[str, Any]) -> Passage:
    text, title = row["text"], row.get("title") or ""
    return Passage(row["id"], row["id"], text, 0, len(text), title)


def _query_text(row: Mapping[str, Any]) -> str:
    """As mteb hands it to its own encoders: an instruction stands behind the text."""
    text, instruction = row["text"], row.get("instruction")
    if not isinstance(text, str):
        raise SettingsError(f"Query '{row['id']}' is a conversation; only plain text is searched.")
    return text if instruction is None else f"{text} {instruction}"


def _meta(encoder: Encoder, settings: FusionSettings, mode: str) -> Any:
    try:
        from mteb.models.model_meta import ModelMeta
    except ImportError as error:
        raise StudioError(
            f"mteb cannot be imported ({error}). Install it: pip install 'mteb>=2.26,<3'."
        ) from error
    return ModelMeta(
        loader=None,
        name=f"{OWNER}/{Path(encoder.name).name}",
        revision=encoder.revision,
        experiment_kwargs=_told_apart(encoder, settings, mode),
        embed_dim=encoder.dimension,
        max_tokens=encoder.max_tokens,
        model_type=["hybrid"] if mode in MIXES else [TYPES[mode]],
        modalities=["text"],
        framework=["PyTorch"],
        release_date=None,
        languages=None,
        n_parameters=None,
        memory_usage_mb=None,
        license=None,
        open_weights=None,
        public_training_code=None,
        public_training_data=None,
        similarity_fn_name=None,
        use_instructions=None,
        training_datasets=None,
    )


def _told_apart(encoder: Encoder, settings: FusionSettings, mode: str) -> dict[str, Any]:
    """What two models of one name may differ in: mteb would take one's results for the other's."""
    mix = {
        "weights": list(settings.weights),
        "normalise": settings.normalise,
        "method": settings.method,
        "rrf_k": settings.rrf_k,
    }
    made = {"mode": mode, "precision": encoder.precision, **limits(encoder)}
    return made | mix if mode in MIXES else made


TYPES = {"dense": "dense", "sparse": "sparse", "multi_vector": "late-interaction"}
