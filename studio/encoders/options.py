"""What a person may choose about an encoder, each with its default and its cost. Loads nothing."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import Literal, get_args

from studio.errors import EncoderError

Precision = Literal["float32", "float16", "bfloat16", "int8"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
MOST_TOKENS = 8_192  # BGE-M3's; a model of fewer says so when it is loaded

HELP = {
    "device": "where it computes: cpu, cuda, cuda:1 or mps. Default: a GPU if there is one "
    "(embedded: the CPU)",
    "precision": "of the arithmetic: float32, float16, bfloat16 or int8. Default: float16 on a "
    "GPU, else float32. int8 is for CPUs: about twice as fast, other in the third decimal",
    "query_tokens": f"longer queries are cut there; up to {MOST_TOKENS:,}. Default: 512",
    "passage_tokens": f"longer passages are cut there; up to {MOST_TOKENS:,}. Time and disk grow "
    "with the tokens, attention with their square. Default: 512",
    "budget": "tokens in one forward pass. More takes more memory, and on a CPU is no faster. "
    "Default: 1,024 on a CPU (int8: 512), 32,768 on a GPU",
    "dimension": "keep so many first numbers of dense and ColBERT vectors, and renormalise: "
    "smaller, less exact; BGE-M3 was not trained for it. Default: all",
}


@dataclass(frozen=True)
class Options:
    """None means: what fits the machine (device, precision, budget), or all (dimension)."""

    device: str | None = None
    precision: str | None = None
    query_tokens: int = 512
    passage_tokens: int = 512
    budget: int | None = None
    dimension: int | None = None

    def __post_init__(self) -> None:
        if self.precision is not None and self.precision not in PRECISIONS:
            raise EncoderError(
                f"Precision '{self.precision}' is unknown. Use {', '.join(PRECISIONS)}."
            )
        for name in ("query_tokens", "passage_tokens"):
            tokens = getattr(self, name)
            if not 4 <= tokens <= MOST_TOKENS:
                raise EncoderError(
                    f"A limit of {tokens:,} {name.replace('_', ' ')} cannot be set. "
                    f"Choose 4 to {MOST_TOKENS:,}."
                )
        for name, value in (("budget", self.budget), ("dimension", self.dimension)):
            if value is not None and value < 1:
                raise EncoderError(f"The {name} is {value:,}; it must be 1 or more.")

    def as_made(self, precision: str, title: str) -> Options:
        """These options; what they leave open as it was when an encoder so described encoded."""
        said = re.findall(r"\w+", precision)
        made = next((known for known in PRECISIONS if known in said), "float32")
        kept = re.search(r"first ([\d,]+) of [\d,]+ dimensions", title)
        found = replace(
            self,
            precision=self.precision or made,
            dimension=self.dimension or (int(kept[1].replace(",", "")) if kept else None),
        )
        if found.precision == "int8":  # a GPU, which would be taken unasked, has no int8
            found = replace(found, device=self.device or "cpu")
        return found

    def check_length(self, limit: int) -> None:
        """Refuse more tokens than a model has positions for."""
        most = max(self.query_tokens, self.passage_tokens)
        if most > limit:
            raise EncoderError(
                f"This model reads up to {limit:,} tokens; {most:,} were asked for. "
                f"Choose {limit:,} or fewer."
            )


def on_zero() -> bool:
    """Whether this is a Space with ZeroGPU."""
    return os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "true")
