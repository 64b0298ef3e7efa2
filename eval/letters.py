"""Compact letter display: which of several rankings the labels cannot tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from string import ascii_lowercase, ascii_uppercase

LETTERS = ascii_lowercase + ascii_uppercase


def letters(names: Sequence[str], separated: Iterable[tuple[str, str]]) -> dict[str, str]:
    """name → its marks; two names share a mark exactly if their pair is not `separated`.

    Insert and absorb (Piepho 2004, J. Comput. Graph. Stat. 13(2), 456-466): begin with one group of
    all; each separated pair splits every group that holds both into one without the first and one
    without the second; a group within another is dropped. `names` come best first, and so do the
    letters. "a", "ab", "b" says: the middle one is apart from neither of the others, and these two
    are apart.
    """
    groups = [frozenset(names)]
    for first, second in separated:
        split: list[frozenset[str]] = []
        for group in groups:
            if first in group and second in group:
                split += [group - {second}, group - {first}]
            else:
                split.append(group)
        groups = _absorbed(split)
    place = {name: at for at, name in enumerate(names)}
    groups.sort(key=lambda group: sorted(place[name] for name in group))
    marks = [LETTERS[n] if n < len(LETTERS) else f"({n + 1})" for n in range(len(groups))]
    return {
        name: "".join(m for m, group in zip(marks, groups, strict=True) if name in group)
        for name in names
    }


def _absorbed(groups: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    """Without those that lie within another, and each once."""
    unique = list(dict.fromkeys(groups))
    return [group for group in unique if not any(group < other for other in unique)]
