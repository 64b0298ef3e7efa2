from __future__ import annotations

import numpy as np
import pytest

from studio.encoders.tokens import Tokeniser
from tests.fakes import word_tokenizer

SCRIPTS = {
    "Latin": "The red fox sleeps.",
    "accents": "Crème brûlée à Zürich, señor.",
    "Cyrillic": "Рыжая лиса спит.",
    "Greek": "Η κόκκινη αλεπού κοιμάται.",
    "Arabic": "الثعلب الأحمر نائم.",
    "Hebrew": "השועל האדום ישן.",
    "Devanagari": "लाल लोमड़ी सोती है।",
    "Thai": "สุนัขจิ้งจอกสีแดงนอนหลับ",
    "Chinese": "红色的狐狸在睡觉。",
    "Japanese": "赤い狐が眠っている。",
    "Korean": "붉은 여우가 잔다.",
    "emoji": "fox 🦊 sleeps 😴 now 🚀!",
}
WORDS = [f"word{n}" for n in range(50)]


@pytest.fixture(scope="module")
def short() -> Tokeniser:
    return Tokeniser(word_tokenizer(), "ask: ", 8)


def pieces_and_texts(xlm_roberta, prefix: str, text: str) -> list[tuple[str, str]]:
    """The text's own pieces without '▁' beside the characters that their spans point at."""
    [tokens] = Tokeniser(xlm_roberta, prefix, 512)([text])
    pairs = zip(tokens.ids[tokens.keep], tokens.spans.tolist(), strict=True)
    return [(xlm_roberta.id_to_token(i).replace("▁", ""), text[a:b]) for i, (a, b) in pairs][:-1]


@pytest.mark.parametrize("prefix", ["", "query: "])
@pytest.mark.parametrize("script", SCRIPTS)
def test_spans_point_at_the_characters_of_their_piece(xlm_roberta, prefix, script):
    pairs = [pair for pair in pieces_and_texts(xlm_roberta, prefix, SCRIPTS[script]) if pair[0]]
    assert [piece for piece, _ in pairs] == [text for _, text in pairs]
    assert "".join(text for _, text in pairs) == "".join(SCRIPTS[script].split())


@pytest.mark.parametrize("prefix", ["", "query: "])
def test_a_piece_that_is_only_a_blank_has_no_characters(xlm_roberta, prefix):
    pairs = [p for t in SCRIPTS.values() for p in pieces_and_texts(xlm_roberta, prefix, t)]
    assert [text for piece, text in pairs if not piece and text] == []


def test_a_piece_in_compatibility_form_points_at_what_the_user_wrote(xlm_roberta):
    assert ("fi", "ﬁ") in [
        (p[:2], t[:1]) for p, t in pieces_and_texts(xlm_roberta, "query: ", "ﬁnally")
    ]
    assert "".join(t for _, t in pieces_and_texts(xlm_roberta, "", "ＡＢＣ №5")) == "ＡＢＣ№5"


def test_blanks_at_either_end_shift_no_span(xlm_roberta):
    pairs = pieces_and_texts(xlm_roberta, "query: ", "  fox  ")
    assert [pair for pair in pairs if pair != ("", "")] == [("fox", "fox")]


def test_the_prefix_is_encoded_but_not_kept(short):
    [tokens] = short(["red fox"])
    assert len(tokens.ids) == len(["<s>", "ask:", "red", "fox", "</s>"])
    assert tokens.keep.tolist() == [2, 3, 4]
    assert tokens.spans.tolist() == [[0, 3], [4, 7], [0, 0]]


def test_the_last_token_is_the_end_with_an_empty_span(short):
    for text in ("", "red", " ".join(WORDS)):
        [tokens] = short([text])
        assert tokens.ids[tokens.keep[-1]] == 2
        assert tokens.spans[-1].tolist() == [0, 0]


def test_the_first_token_is_never_kept(short):
    assert all(0 not in tokens.keep for tokens in short(["", "red", " ".join(WORDS)]))


def test_an_empty_text_keeps_only_its_end(short):
    [tokens] = short([""])
    assert (tokens.keep.tolist(), tokens.full) == ([2], len(["<s>", "ask:", "</s>"]))


def test_a_text_at_the_limit_is_whole(short):
    [tokens] = short([" ".join(WORDS[:5])])  # 5 words, <s>, ask:, </s>
    assert (len(tokens.ids), tokens.full, tokens.truncated) == (8, 8, False)


def test_a_text_beyond_the_limit_is_cut_and_keeps_its_end(short):
    [tokens] = short([" ".join(WORDS)])
    assert (len(tokens.ids), tokens.full, tokens.truncated) == (8, len(WORDS) + 3, True)
    assert tokens.ids[-1] == 2
    assert [" ".join(WORDS)[a:b] for a, b in tokens.spans] == [*WORDS[:5], ""]


def test_counting_says_what_encoding_says(short):
    texts = ["", "red fox", " ".join(WORDS), "  "]
    assert short.count(texts) == [tokens.full for tokens in short(texts)]


def test_no_text_gives_no_tokens(short):
    assert short([]) == []
    assert short.count([]) == []


def test_a_tokenizer_that_cuts_or_pads_by_itself_is_told_not_to():
    tokenizer = word_tokenizer()
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=30)
    [tokens] = Tokeniser(tokenizer, "", 512)(["one two three four five"])
    assert (len(tokens.ids), tokens.full) == (7, 7)


def test_spans_rise_and_stay_inside_the_text(xlm_roberta):
    for text in SCRIPTS.values():
        [tokens] = Tokeniser(xlm_roberta, "passage: ", 512)([text])
        assert (tokens.spans[:, 0] <= tokens.spans[:, 1]).all()
        spans = tokens.spans[tokens.spans[:, 0] < tokens.spans[:, 1]]
        assert (np.diff(spans[:, 1]) >= 0).all()
        assert spans.max() <= len(text)


@pytest.mark.parametrize(
    ("text", "seen"), [("fox \ud83d night", "fox ? night"), ("\udc00", "?"), ("a\ud800b", "a?b")]
)
def test_half_a_surrogate_pair_is_read_as_a_question_mark(xlm_roberta, text, seen):
    odd, plain = (Tokeniser(xlm_roberta, "", 32)([t])[0] for t in (text, seen))
    assert odd.ids.tolist() == plain.ids.tolist()
    assert odd.spans.tolist() == plain.spans.tolist()
    assert Tokeniser(xlm_roberta, "", 32).count([text]) == [len(plain.ids)]


def test_nul_bytes_are_no_tokens_of_their_own(xlm_roberta):
    [odd] = Tokeniser(xlm_roberta, "", 32)(["fox\0night"])
    assert odd.spans[:, 1].max() <= len("fox\0night")
    assert (odd.ids >= 0).all()


@pytest.mark.parametrize("letter", ["a", "狐", "\u0301", "\0"])
def test_a_million_characters_without_a_blank_are_cut_like_any_text(xlm_roberta, letter):
    tokeniser = Tokeniser(xlm_roberta, "", 512)
    [tokens] = tokeniser([letter * 1_000_000])
    assert len(tokens.ids) <= 512
    assert tokens.full == tokeniser.count([letter * 1_000_000])[0]
