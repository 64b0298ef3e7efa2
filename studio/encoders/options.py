"""What a person may choose about an encoder, each with its default and its cost. Loads nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from studio.errors import EncoderError

Precision = Literal["float32", "float16", "bfloat16", "int8"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
MOST_TOKENS = 8_192  # BGE-M3's; a model of fewer says so when it is loaded

HELP = {
    "device": "cpu, cuda, cuda:1, mps; default: a GPU if there is one (embedded: the CPU)",
    "precision": "float32, float16, bfloat16, int8; default: float16 on a GPU, else float32. int8 "
    "is for CPUs: 2 to 3 times as fast, other in the third decimal",
    "query_tokens": f"longer queries are cut there; up to {MOST_TOKENS:,}, default 512",
    "passage_tokens": f"longer passages are cut there; up to {MOST_TOKENS:,}, default 512. Time "
    "and disk grow with the tokens, attention with their square",
    "budget": "tokens in one forward pass; default 1,024 on a CPU, 32,768 on a GPU. More takes "
    "more memory; on a CPU it is not faster",
    "dimension": "keep the first D numbers of dense and ColBERT vectors, and renormalise: smaller, "
    "less exact; BGE-M3 was not trained for it. Default: all",
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

    def check_length(self, limit: int) -> None:
        """Refuse more tokens than a model has positions for."""
        most = max(self.query_tokens, self.passage_tokens)
        if most > limit:
            raise EncoderError(
                f"This model reads up to {limit:,} tokens; {most:,} were asked for. "
                f"Choose {limit:,} or fewer."
            )
