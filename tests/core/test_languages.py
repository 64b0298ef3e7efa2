from __future__ import annotations

from studio.languages import languages
from studio.records import Document

ENGLISH = "The red fox runs through the forest at night and nobody sees it."
GERMAN = "Der rote Fuchs läuft nachts durch den Wald, und niemand sieht ihn."
RUSSIAN = "Рыжая лиса бежит ночью по лесу, и никто её не видит."


def test_told_languages_are_counted_and_not_guessed():
    documents = [Document("1", GERMAN, language="en"), Document("2", ENGLISH, language="en")]
    assert languages([*documents, Document("3", RUSSIAN)]) == ({"en": 2}, 0)


def test_untold_languages_are_guessed_and_it_is_said():
    documents = [Document(str(n), text) for n, text in enumerate((ENGLISH, GERMAN, RUSSIAN))]
    assert languages(documents) == ({"en": 1, "de": 1, "ru": 1}, 3)


def test_a_document_without_text_has_no_language():
    assert languages([Document("1", " ")]) == ({}, 1)
    assert languages([]) == ({}, 0)


def test_a_large_corpus_is_sampled():
    counts, guessed = languages([Document(str(n), ENGLISH) for n in range(2_000)])
    assert guessed
    assert 300 <= counts["en"] <= 334
