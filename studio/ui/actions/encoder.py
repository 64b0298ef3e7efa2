"""The encoder at work, how far another one is with loading, and a person's change of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from studio.encoders.choice import Choice, choose
from studio.encoders.lazy import Loading
from studio.encoders.options import Options
from studio.encoders.protocol import Encoder
from studio.errors import Cancelled, EncoderError, SettingsError, StudioError
from studio.records import counted
from studio.ui.actions.corpus import Status
from studio.ui.session import Server

TICK = 0.5  # seconds between two looks at a load
NEEDED = {"query_tokens": "Most tokens of a query", "passage_tokens": "Most tokens of a passage"}


def badge(server: Server) -> dict[str, str]:
    """Which encoder is at work, in what state and why."""
    changing, present = server.encoder.changing, server.encoder.present  # in this order: a change
    choice = present.choice  # that ends in between is seen as the present encoder, and once more
    state, name, text = "ready", choice.name, ""
    if present.encoder is not None:
        seconds = f"loaded in {present.seconds:.1f}\N{NO-BREAK SPACE}s" if present.seconds else ""
        name = present.encoder.title
        text = " · ".join(filter(None, ["ready", where(present.encoder), seconds]))
    elif present.over:
        state, text = "failed", present.sentence
    else:
        state, text = "loading", stage(present)
    if changing is not None and is_changing(server):
        state = "loading"
        text = f"at work · {stage(changing)}" if present.encoder else stage(changing)
    return {
        "state": state,
        "name": "" if present.encoder is None and name in text else name,
        "text": text,
        "why": f"Chosen because {choice.why}." if choice.name == "embedded" else choice.why,
    }


def status(server: Server) -> Status:
    """The line under the panel: the load under way, how the last change failed, what is at work."""
    changing, present = server.encoder.changing, server.encoder.present
    load = changing if changing is not None else present
    if not load.over:
        done, total, _ = load.progress
        return {"kind": "busy", "share": done / total if total else None, "text": stage(load)}
    at_work = present.encoder and f"At work: {present.encoder.title} · {where(present.encoder)}."
    if load.sentence:
        kind = "idle" if isinstance(load.error, Cancelled) else "failed"
        return {"kind": kind, "share": None, "text": f"{load.sentence} {at_work or ''}".strip()}
    return {"kind": "done", "share": None, "text": at_work or ""}


def stage(load: Loading) -> str:
    """'downloading BAAI/bge-m3: 812 of 2,290 MB', 'BAAI/bge-m3: reading weights'."""
    done, total, what = load.progress
    label, unit = counted(what)
    return f"{label}: {done:,} of {total:,} {unit}" if total else f"{load.choice.name}: {what}"


def where(encoder: Encoder) -> str:
    """'cpu · float32': where and how it computes."""
    return f"{encoder.device} · {encoder.precision}"


def is_changing(server: Server) -> bool:
    """Whether another encoder is being loaded while the present one serves."""
    changing = server.encoder.changing
    return changing is not None and not changing.over


def is_loading(server: Server) -> bool:
    """Whether there is a load to watch and to cancel: a change, or the first encoder."""
    return server.encoder.under_way is not None


def values(server: Server) -> tuple[Any, ...]:
    """What stands in the panel's fields: the settings of the encoder at work."""
    present = server.encoder.present
    options = present.options
    return (
        present.choice.name,
        options.device or "",
        options.precision or "",
        options.query_tokens,
        options.passage_tokens,
        options.budget,
        options.dimension,
    )


def chosen(
    name: str | None,
    device: str | None,
    precision: str | None,
    query_tokens: int | None,
    passage_tokens: int | None,
    budget: int | None,
    dimension: int | None,
) -> tuple[Choice, Options]:
    """The panel's fields, checked; an empty one is its default, but for the two limits."""
    for key, value in (("query_tokens", query_tokens), ("passage_tokens", passage_tokens)):
        if value is None:
            raise SettingsError(f"'{NEEDED[key]}' is empty. Type a number; 512 is the default.")
    assert query_tokens is not None
    assert passage_tokens is not None
    options = Options(
        (device or "").strip() or None,
        precision or None,
        query_tokens,
        passage_tokens,
        budget,
        dimension,
    )
    return choose((name or "").strip() or "auto"), options


def change(server: Server, *fields: Any) -> Iterator[None]:
    """Load another encoder, watched until it has taken over; raise what went wrong."""
    _check_allowed(server)
    choice, options = chosen(*fields)
    load = server.encoder.change(choice, options)
    while not server.encoder.wait(load, TICK):
        yield
    if isinstance(load.error, StudioError):
        raise load.error
    if load.error is not None:
        raise EncoderError(f"{choice.name} {load.sentence}.")


def cancel(server: Server) -> None:
    """Give up the load under way."""
    _check_allowed(server)
    server.encoder.cancel()


def _check_allowed(server: Server) -> None:
    if server.public:
        raise SettingsError("This is a public server: its owner chose the encoder.")
