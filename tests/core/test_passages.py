from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import ReadingError, SettingsError
from studio.passages import CutSettings, cut
from studio.records import Document
from tests.fakes import word_tokenizer

SENTENCES = "One two three. Four five six. Seven eight nine. Ten eleven twelve. " * 4
LIMIT = 512
TOKENIZER = word_tokenizer()


def pieces(text: str, how: str = "tokens", size: int = 16, overlap: int = 0, **document):
    documents = [Document("doc", text, **document)]
    return cut(documents, CutSettings(how, size, overlap), TOKENIZER, LIMIT)


def texts(*arguments, **settings) -> list[str]:
    return [passage.text for passage in pieces(*arguments, **settings)]


def test_by_tokens_a_passage_ends_with_a_sentence_and_keeps_the_size():
    found = texts(SENTENCES)
    assert len(found) > 1
    assert all(len(text.split()) <= 16 for text in found)
    assert all(text.rstrip().endswith(".") for text in found)


def test_without_overlap_the_passages_are_the_text():
    assert " ".join(texts(SENTENCES)).split() == SENTENCES.split()


def test_with_overlap_neighbours_share_whole_sentences():
    found = pieces(SENTENCES, overlap=4)
    for before, after in pairwise(found):
        assert before.start < after.start < before.end < after.end
        shared = SENTENCES[after.start : before.end].split()
        assert 0 < len(shared) <= 4
    words = {n for p in found for n in range(p.start, p.end)}
    assert {n for n, c in enumerate(SENTENCES) if not c.isspace()} <= words


def test_by_paragraph_blank_lines_part():
    text = "a b\n\nc d\n \t\n\n\ne\nf"
    assert texts(text, "paragraph") == ["a b", "c d", "e\nf"]


def test_a_paragraph_too_long_for_the_encoder_is_cut_further():
    text = "short one\n\n" + "word " * 1_000
    found = texts(text, "paragraph")
    assert found[0] == "short one"
    assert len(found) > 2
    assert all(len(text.split()) <= LIMIT for text in found)


def test_uncut_is_the_document_as_it_is():
    text = " \n" + SENTENCES
    [passage] = pieces(text, "none", title="T", language="en", source="a.txt")
    assert (passage.text, passage.start, passage.end) == (text, 0, len(text))
    assert (passage.title, passage.language, passage.source) == ("T", "en", "a.txt")


@pytest.mark.parametrize("how", ["tokens", "paragraph", "none"])
@pytest.mark.parametrize("text", ["", " ", "\n\n \t\n", "\u3000"])
def test_a_document_without_text_gives_no_passage(how, text):
    assert texts(text, how) == []


def test_one_passage_keeps_the_documents_id_and_several_are_numbered():
    assert [p.id for p in pieces("One two.")] == ["doc"]
    assert [p.id for p in pieces("a\n\nb\n\nc", "paragraph")] == ["doc#0", "doc#1", "doc#2"]
    assert {p.document for p in pieces("a\n\nb", "paragraph")} == {"doc"}


@pytest.mark.parametrize("how", ["tokens", "paragraph"])
def test_two_passages_of_one_name_are_refused(how):
    documents = [Document("doc", SENTENCES + "\n\n" + SENTENCES), Document("doc#1", "One two.")]
    with pytest.raises(ReadingError, match="Two passages are named 'doc#1'"):
        cut(documents, CutSettings(how, 16, 0), TOKENIZER, LIMIT)


def test_markdown_is_cut_at_headings():
    text = "# One\n\n" + "word " * 10 + "\n\n# Two\n\n" + "word " * 10
    found = texts(text, source="notes.MD")
    assert [piece.split("\n")[0] for piece in found] == ["# One", "# Two"]


MIXED = st.text(alphabet="ab é的🦊.\n\t #-😴ส", max_size=300)


@given(
    MIXED,
    st.sampled_from(["tokens", "paragraph", "none"]),
    st.integers(0, 15),
    st.sampled_from(["a.txt", "a.md"]),
)
def test_offsets_point_at_the_text_and_no_word_is_lost(text, how, overlap, source):
    found = pieces(text, how, overlap=overlap, source=source)
    assert all(text[p.start : p.end] == p.text for p in found)
    assert all(p.text.strip() for p in found)
    covered = {n for p in found for n in range(p.start, p.end)}
    assert all(n in covered for n, c in enumerate(text) if not c.isspace())
    starts = [p.start for p in found]
    assert starts == sorted(starts)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("words",), "no cut 'words'"),
        (("tokens", 15), "15 tokens is out of range: 16 to 8,000"),
        (("tokens", 8_001), "8001 tokens is out of range"),
        (("tokens", 0), "out of range"),
        (("tokens", 256, -1), "overlap of -1"),
        (("tokens", 256, 256), "overlap of 256"),
    ],
)
def test_settings_out_of_range_are_refused_with_the_numbers(settings, said):
    with pytest.raises(SettingsError, match=said):
        CutSettings(*settings)


def test_a_passage_longer_than_the_encoder_reads_is_refused_with_the_most_it_can_have():
    assert cut([Document("d", "a b")], CutSettings(size=480), TOKENIZER, LIMIT)
    with pytest.raises(SettingsError, match=r"at most 480.*481 were asked for"):
        cut([Document("d", "a b")], CutSettings(size=481), TOKENIZER, LIMIT)


def test_every_token_passage_of_the_real_tokenizer_is_read_whole(e5_encoder):
    text = "Ärzte im Krankenhaus. 红色的狐狸在睡觉。 สุนัขจิ้งจอกนอนหลับ " * 60
    found = cut([Document("d", text)], CutSettings(), e5_encoder.tokenizer, e5_encoder.max_tokens)
    counts = e5_encoder.count_tokens([passage.text for passage in found])
    assert max(counts) <= 256 + len(["<s>", "</s>"]) + len(["▁passage", ":"])
    assert all(text[p.start : p.end] == p.text for p in found)
