"""The four protocols by name: what each fixes, and what it leaves to the user."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eval.protocols import leaderboard, paper
from eval.protocols.ranking import corpus_order, larger_id_first
from studio.errors import SettingsError
from studio.records import FusionSettings, Integers, Join, joined_text


@dataclass(frozen=True)
class Protocol:
    """`weights`: those of dense + sparse and of all three, where the protocol fixes them.

    `pool` names what is kept of a query's scores; `places` is the order among equal scores;
    `decimals` is what the reported means are rounded to.
    """

    name: str
    join: Join
    places: Callable[[Sequence[str]], Integers]
    pool: str
    weights: tuple[FusionSettings, FusionSettings] | None = None
    decimals: int | None = None

    def settings(self, given: FusionSettings | None = None) -> FusionSettings:
        """The weights of all three modes: those given, else the protocol's, else the default."""
        if self.weights is None:
            return given or FusionSettings()
        if given not in (None, self.weights[1]):
            raise SettingsError(self.fixed())
        return self.weights[1]

    def fixed(self) -> str:
        """What to say to someone who gave weights where the protocol fixes them."""
        pair, all_three = map(_numbers, self.weights or ())
        return (
            f"The protocol {self.name} fixes its weights (dense + sparse {pair}, all three "
            f"{all_three}, raw scores). Leave --weights, --normalise, --method and --rrf-k away, "
            "or use --protocol studio."
        )


PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        Protocol("studio", joined_text, corpus_order, "studio"),
        Protocol(
            "paper-miracl",
            paper.title_line_text,
            larger_id_first,
            "paper",
            (paper.MIRACL_PAIR, paper.MIRACL),
        ),
        Protocol(
            "paper-mldr", paper.text_alone, larger_id_first, "paper", (paper.MLDR_PAIR, paper.MLDR)
        ),
        Protocol(
            "mteb",
            leaderboard.title_space_text,
            larger_id_first,
            "mteb",
            decimals=leaderboard.DECIMALS,
        ),
    )
}


def protocol(name: str) -> Protocol:
    """A protocol by its name. Raises SettingsError with the names there are."""
    if name not in PROTOCOLS:
        raise SettingsError(f"There is no protocol '{name}'. Use one of: {', '.join(PROTOCOLS)}.")
    return PROTOCOLS[name]


def _numbers(settings: FusionSettings) -> str:
    return " / ".join(f"{weight:g}" for weight in settings.weights)
