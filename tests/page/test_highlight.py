from __future__ import annotations

import numpy as np

from studio.explain import Match, Reasons, SparseToken
from studio.records import Candidates, FusionSettings, Passage
from studio.ui.highlight import LIKELY, LONGEST, likely, segments


def passage(text: str, title: str = "") -> Passage:
    return Passage("a", "a", text, 0, len(text), title=title)


def token(contribution: float, *spans: tuple[int, int]) -> SparseToken:
    return SparseToken("x", 1.0, contribution, contribution, spans)


def match(similarity: float, span: tuple[int, int]) -> Match:
    return Match("q", "p", similarity, (0, 1), span)


def test_text_is_cut_where_a_mark_begins_or_ends() -> None:
    reasons = Reasons((token(2.0, (4, 7)), token(1.0, (0, 3))), ())
    found = segments(passage("red fox ran"), reasons)
    assert found == [("red", 0.5, 0), (" ", 0, 0), ("fox", 1, 0), (" ran", 0, 0)]


def test_the_pieces_are_the_text_whatever_the_marks() -> None:
    reasons = Reasons((token(1.0, (-5, 4), (8, 99)),), (match(0.5, (2, 6)), match(0.9, (5, 9))))
    text = "one, two; three!"
    assert "".join(piece for piece, _, _ in segments(passage(text), reasons)) == text


def test_spans_of_the_joined_text_are_moved_by_the_title() -> None:
    reasons = Reasons((token(1.0, (6, 9), (0, 5)),), ())  # "Night fox": the title is not marked
    assert segments(passage("fox", "Night"), reasons) == [("fox", 1, 0)]


def test_a_title_that_begins_the_text_moves_nothing() -> None:
    reasons = Reasons((token(1.0, (0, 5)),), ())
    found = segments(passage("Night owls", "Night"), reasons)
    assert found == [("Night", 1, 0), (" owls", 0, 0)]


def test_the_best_match_is_marked_most_and_the_least_a_quarter() -> None:
    reasons = Reasons((), (match(0.9, (0, 3)), match(0.5, (4, 7)), match(0.7, (8, 11))))
    found = segments(passage("red fox ran"), reasons)
    assert [share for piece, _, share in found if piece.strip()] == [1.0, 0.25, 0.625]


def test_punctuation_is_not_marked_but_a_sign_within_a_code_is() -> None:
    reasons = Reasons((token(1.0, (0, 8)),), ())
    assert segments(passage("(K-417)!"), reasons) == [("(", 0, 0), ("K-417", 1, 0), (")!", 0, 0)]


def test_a_long_passage_is_shown_up_to_a_limit() -> None:
    [(text, _, _)] = segments(passage("x" * 3_000), Reasons((), ()))
    assert len(text) == LONGEST
    assert segments(passage(""), Reasons((), ())) == []


def test_the_best_of_every_mode_are_likely_to_be_shown() -> None:
    scores = np.zeros((500, 3))
    for mode, first in enumerate((100, 200, 300)):
        scores[first : first + LIKELY, mode] = np.linspace(1, 2, LIKELY)
    best = likely(Candidates("q", np.arange(500), scores), FusionSettings((1.0, 0.0, 0.0)))
    assert {first + n for first in (100, 200, 300) for n in range(LIKELY)} <= set(best)
    assert best == sorted(best)
    assert len(best) <= 5 * LIKELY
