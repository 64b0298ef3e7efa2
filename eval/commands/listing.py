"""`python -m eval list`: test collections that have a name, and what encoding each would cost."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from itertools import groupby
from typing import Any

from eval import collection
from eval.collection import Listed
from eval.commands import Commands
from eval.estimate import STORED, Estimate, Rate, estimate, measure
from studio.settings import add_common, encoder_options

UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))
SIZES = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"))


def register(commands: Commands) -> None:
    """The verb and its flags."""
    parser = commands.add_parser("list", help="the collections that have a name")
    parser.add_argument("begins", nargs="?", default="", help="only names that begin so: miracl")
    parser.add_argument(
        "--measure", action="store_true", help="take the time of --encoder on this machine first"
    )
    add_common(parser)
    parser.set_defaults(command=show)


def show(arguments: argparse.Namespace) -> None:
    """The named collections; without --measure nothing is loaded and no network is asked."""
    rate = _measured(arguments) if arguments.measure else STORED
    listed = [c for c in collection.available() if c.name.startswith(arguments.begins)]
    costs = [(c, estimate(c, rate)) for c in listed]
    if arguments.json:
        print(json.dumps(_described(costs, rate), ensure_ascii=False))
        return
    for family, members in groupby(costs, key=lambda pair: pair[0].name.rpartition("/")[0]):
        group = list(members)
        # Whoever asks for a family sees its members; the whole list is one line each.
        if len(group) > 1 and family not in ("mteb", "beir", "nanobeir") and not arguments.begins:
            print(_together(family, group))
        else:
            print("\n".join(_line(c, cost) for c, cost in group))
    print(f"\nTime and disk are estimates; {rate.tokens_a_second:,.0f} tokens a second, ", end="")
    print(f"{rate.measured}. `list NAME` shows each language of a family.")


def _measured(arguments: argparse.Namespace) -> Rate:
    from studio import encoders  # the encoder's libraries take seconds to import

    options = asdict(encoder_options(arguments))
    return measure(encoders.load(arguments.encoder, **options))


def _described(costs: list[tuple[Listed, Estimate]], rate: Rate) -> dict[str, Any]:
    return {
        "collections": [
            asdict(c) | {"tokens": cost.tokens, "encode_seconds": cost.seconds, "bytes": cost.bytes}
            for c, cost in costs
        ],
        "rate": asdict(rate),
    }


def _line(c: Listed, cost: Estimate) -> str:
    return (
        f"{c.name}  {c.passages:,} passages, {c.queries:,} queries, {' '.join(c.languages)}; "
        f"{c.licence or 'licence not stated'}; {spoken(cost.seconds)}, {weighed(cost.bytes)}"
    )


def _together(family: str, group: list[tuple[Listed, Estimate]]) -> str:
    """A family of languages in one line, from its smallest to its largest."""
    parts = [c.name.rpartition("/")[2] for c, _ in group]
    sizes = sorted((c.passages, cost.seconds, cost.bytes) for c, cost in group)
    (fewest, quickest, least), (most, longest, largest) = sizes[0], sizes[-1]
    licences = dict.fromkeys(c.licence or "licence not stated" for c, _ in group)
    return (
        f"{family}/{{{','.join(parts)}}}  {fewest:,} to {most:,} passages, "
        f"{sum(c.queries for c, _ in group):,} queries in all; {', '.join(licences)}; "
        f"{spoken(quickest)} to {spoken(longest)}, {weighed(least)} to {weighed(largest)}"
    )


def spoken(seconds: int) -> str:
    """'35 s', '12 min', '3.5 h', '12 d'."""
    for size, unit in UNITS:
        if seconds >= size:
            return f"{seconds / size:.{0 if seconds >= 10 * size else 1}f} {unit}"
    return f"{seconds} s"


def weighed(size: int) -> str:
    """'44 MB', '3.1 GB'."""
    for unit, name in SIZES:
        if size >= unit:
            return f"{size / unit:.{0 if size >= 10 * unit else 1}f} {name}"
    return f"{size / 10**6:.2f} MB"
