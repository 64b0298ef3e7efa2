"""What may be chosen about an encoder: bounds, sentences, and what a collection tells of it."""

from __future__ import annotations

from dataclasses import fields

import pytest

from studio.encoders.options import HELP, MOST_TOKENS, PRECISIONS, Options, on_zero
from studio.errors import EncoderError


@pytest.mark.parametrize("name", ["query_tokens", "passage_tokens"])
@pytest.mark.parametrize(("tokens", "good"), [(3, False), (4, True), (8_192, True), (8_193, False)])
def test_a_text_has_4_to_8192_tokens(name, tokens, good):
    if good:
        assert getattr(Options(**{name: tokens}), name) == tokens
        return
    said = rf"A limit of {tokens:,} {name.replace('_', ' ')} cannot be set. Choose 4 to 8,192\."
    with pytest.raises(EncoderError, match=said):
        Options(**{name: tokens})


@pytest.mark.parametrize("name", ["budget", "dimension"])
def test_budget_and_dimension_are_1_or_more(name):
    assert getattr(Options(**{name: 1}), name) == 1
    for value in (0, -5):
        with pytest.raises(EncoderError, match=f"The {name} is {value}; it must be 1 or more"):
            Options(**{name: value})


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_known_precision_is_taken(precision):
    assert Options(precision=precision).precision == precision


@pytest.mark.parametrize("precision", ["int4", "fp16", "FLOAT32", ""])
def test_an_unknown_precision_is_refused_with_the_known_ones(precision):
    with pytest.raises(EncoderError, match=f"'{precision}' is unknown. Use float32, float16"):
        Options(precision=precision)


def test_more_tokens_than_the_model_reads_are_refused_with_its_limit():
    Options(passage_tokens=514).check_length(514)
    with pytest.raises(EncoderError, match=r"reads up to 514 tokens; 8,192 were asked for"):
        Options(query_tokens=MOST_TOKENS).check_length(514)


def test_every_option_has_a_line_of_help_that_names_its_default():
    assert list(HELP) == [field.name for field in fields(Options)]
    for text in HELP.values():
        assert "Default: " in text
        assert "--" not in text
    assert "BGE-M3 was not trained for it" in HELP["dimension"]


@pytest.mark.parametrize(
    ("precision", "title", "made"),
    [
        ("float32", "BAAI/bge-m3", Options(precision="float32")),
        ("float16", "BAAI/bge-m3", Options(precision="float16")),
        ("int8", "BAAI/bge-m3", Options("cpu", "int8")),
        ("4-bit weights", "embedded · multilingual-e5-small", Options(precision="float32")),
        ("4-bit weights, int8 arithmetic", "embedded", Options("cpu", "int8")),
        (
            "bfloat16",
            "BAAI/bge-m3 · first 1,000 of 1,024 dimensions",
            Options(precision="bfloat16", dimension=1_000),
        ),
    ],
)
def test_a_collection_is_searched_as_it_was_encoded(precision, title, made):
    assert Options().as_made(precision, title) == made


def test_what_is_asked_for_comes_before_what_a_collection_tells():
    asked = Options("cuda", "float16", dimension=64, query_tokens=32)
    assert asked.as_made("int8", "x · first 8 of 16 dimensions") == asked
    assert Options("cuda").as_made("int8", "x").device == "cuda"


@pytest.mark.parametrize(
    ("value", "zero"), [("true", True), ("1", True), ("True", True), ("", False), ("false", False)]
)
def test_zero_gpu_is_told_by_the_environment(monkeypatch, value, zero):
    monkeypatch.setenv("SPACES_ZERO_GPU", value)
    assert on_zero() is zero
