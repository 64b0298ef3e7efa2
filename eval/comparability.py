"""Our numbers beside published ones, and whether they may be compared: checked, not believed.

A row is comparable if encoder, revision, what it cuts, corpus, queries, split, protocol, texts and
weights are found to be the same. Whatever is not, or cannot be checked, is said in words. A
corpus is held against the published one by its numbers of passages and queries: no source tells
a digest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from eval.evaluation import Evaluation
from eval.measures import HEADLINE
from eval.protocols import BM25, PROTOCOLS, TITLES
from eval.published import AVERAGE, E5, Number, leaderboard, paper, sizes
from studio.records import FusionSettings

FAMILIES = {
    "miracl": "MIRACL",
    "miracl-hard-negatives": "MIRACLRetrievalHardNegatives",
    "mldr": "MLDR",
    "xquad": "XQuADRetrieval",
}
BEIR = {
    "arguana": "ArguAna",
    "climate-fever": "ClimateFEVER",
    "dbpedia-entity": "DBPedia",
    "fever": "FEVER",
    "fiqa": "FiQA2018",
    "hotpotqa": "HotpotQA",
    "msmarco": "MSMARCO",
    "nfcorpus": "NFCorpus",
    "nq": "NQ",
    "quora": "QuoraRetrieval",
    "scidocs": "SCIDOCS",
    "scifact": "SciFact",
    "trec-covid": "TRECCOVID",
    "webis-touche2020": "Touche2020",
}
RELATED = (  # benchmarks whose numbers are looked at side by side
    {"MIRACL", "MIRACLRetrieval", "MIRACLRetrievalHardNegatives"},
    {"MLDR", "MultiLongDocRetrieval"},
)
READ = {"paper-mldr": 8_192, "mteb": 8_192}  # tokens of a passage that their BGE-M3 read
READ_E5 = 512
WHOLE_PRECISION = ("float32", "float16", "bfloat16")
WAYS = {
    "studio": "one pool for all modes, ties in corpus order",
    "paper-miracl": "dense's and sparse's best 1,000 each, dense's best 200 re-ranked",
    "paper-mldr": "dense's and sparse's best 1,000 each, dense's best 200 re-ranked",
    "mteb": "each mode's best 1,000, MTEB's texts, ties and rounding",
}


@dataclass(frozen=True)
class Beside:
    """One published number, ours of the same mode (None: there is none), and what differs."""

    mode: str
    language: str
    ours: float | None
    theirs: float
    source: str
    differences: tuple[str, ...]

    @property
    def comparable(self) -> bool:
        """Whether ours may be read against theirs."""
        return self.ours is not None and not self.differences


def beside(evaluation: Evaluation) -> list[Beside]:
    """Every published number that this collection calls for; the MIRACL averages for any other."""
    modes, numbers = evaluation.modes, chosen(evaluation)
    texts = {name: _texts(evaluation, name) for name in {n.protocol for n in numbers}}
    return [
        Beside(
            number.mode,
            number.language,
            modes[number.mode].get(HEADLINE) if number.mode in modes else None,
            number.value,
            number.source,
            (
                *(found for check in CHECKS for found in check(evaluation, number)),
                *texts[number.protocol],
            ),
        )
        for number in numbers
        if number.mode in modes or number.mode != BM25
    ]


def benchmark_of(name: str) -> tuple[str, str]:
    """The benchmark and language behind a collection's name; ('', '') for any other.

    `miracl/sw`, `mldr/ja`, `xquad/ru`, `mteb/TASK`, `mteb/TASK/SUBSET`, `beir/nfcorpus`.
    """
    family, _, rest = name.partition("/")
    if family in FAMILIES and rest:
        return FAMILIES[family], rest
    if family == "mteb" and rest:
        task, _, subset = rest.partition("/")
        return task, subset or "default"
    if family == "beir" and rest in BEIR:
        return BEIR[rest], "default"
    return "", ""


def chosen(evaluation: Evaluation) -> list[Number]:
    """The numbers to stand beside: of the same benchmark and language, or of a sister's."""
    benchmark, language = benchmark_of(evaluation.scored.collection.name)
    family = next((names for names in RELATED if benchmark in names), {benchmark})
    split = evaluation.scored.collection.split
    found = [
        number
        for number in (*paper(), *leaderboard())
        if number.benchmark in family
        and number.language == language
        and number.split in {split, *_splits(number)}
        and (number.encoder != E5 or evaluation.scored.encoder.name in ("embedded", E5))
    ]
    found = found or [n for n in paper() if (n.benchmark, n.language) == ("MIRACL", AVERAGE)]
    return sorted(found, key=lambda number: list(TITLES).index(number.mode))


def _splits(number: Number) -> set[str]:
    """The paper's only split; MTEB's every split, where ours is called otherwise."""
    same = (number.benchmark, number.language)
    there = {n.split for n in leaderboard() if (n.benchmark, n.language) == same}
    return {number.split} if len(there) < 2 else set()


def _encoder(evaluation: Evaluation, number: Number) -> Iterable[str]:
    ours = evaluation.scored.encoder
    if number.mode == BM25:
        yield "another BM25 (bm25s with k1 0.9 and b 0.4, on texts cut as the encoder cuts them)"
        return
    if ours.name != number.encoder:
        yield f"another encoder ({ours.title} instead of {number.encoder})"
        return
    if number.revision and ours.revision != number.revision:
        yield f"another revision ({ours.revision} instead of {number.revision})"
    if ours.precision not in WHOLE_PRECISION:
        yield f"lower precision ({ours.precision})"
    if "dimensions" in ours.title:
        yield f"shortened vectors ({ours.title})"


def _limits(evaluation: Evaluation, number: Number) -> Iterable[str]:
    """A shorter limit matters only if something was longer."""
    theirs = READ_E5 if number.encoder == E5 else READ.get(number.protocol)
    cut, ours = evaluation.scored.truncated, evaluation.scored.limits
    if theirs and cut["passages"] and ours["passage_tokens"] < theirs:
        yield (
            f"shorter passages ({cut['passages']:,} were cut at {ours['passage_tokens']:,} tokens; "
            f"theirs at {theirs:,})"
        )


def _collection(evaluation: Evaluation, number: Number) -> Iterable[str]:
    collection = evaluation.scored.collection
    ours = len(collection.passages), len(collection.queries)
    benchmark, language = benchmark_of(collection.name)
    theirs = sizes().get((number.benchmark, number.language, number.split))
    told = f"{collection.name}: {ours[0]:,} passages and {ours[1]:,} queries"
    related = any({benchmark, number.benchmark} <= names for names in RELATED)
    if language != number.language or not (benchmark == number.benchmark or related):
        yield f"another collection ({told}; theirs {_named(number)})"
    elif theirs is None:
        yield f"unchecked collection ({told}; the size of {_named(number)} is not on record here)"
    elif ours != (theirs.passages, theirs.queries):
        yield (
            f"another collection ({told}; {_named(number)} has {theirs.passages:,} passages and "
            f"{theirs.queries:,} queries)"
        )
    if collection.split != number.split:
        yield f"another split ({collection.split} instead of {number.split})"


def _named(number: Number) -> str:
    """'MIRACL sw', or 'the average of MIRACL'."""
    if number.language == AVERAGE:
        return f"the average over the languages of {number.benchmark}"
    return f"{number.benchmark} {number.language}".removesuffix(" default")


def _protocol(evaluation: Evaluation, number: Number) -> Iterable[str]:
    ours, theirs = evaluation.protocol, number.protocol
    if ours != theirs:
        yield f"another protocol ({ours}: {WAYS[ours]}; theirs {theirs}: {WAYS[theirs]})"


def _texts(evaluation: Evaluation, protocol: str) -> tuple[str, ...]:
    """Once for all numbers of a protocol: it reads the corpus."""
    ours, theirs = PROTOCOLS[evaluation.protocol].join, PROTOCOLS[protocol].join
    if ours == theirs:
        return ()
    differ = sum(
        # XLM-RoBERTa's tokenizer reads any run of blanks, line breaks included, as one.
        ours(passage.title, passage.text).split() != theirs(passage.title, passage.text).split()
        for passage in evaluation.scored.collection.passages
    )
    told = f"other texts (title and text are joined otherwise in {differ:,} passages)"
    return (told,) if differ else ()


def _weights(evaluation: Evaluation, number: Number) -> Iterable[str]:
    """Of the two mixes, where theirs were made by other rules than ours."""
    theirs = PROTOCOLS[number.protocol].weights
    if evaluation.protocol == number.protocol or theirs is None:
        return
    dense, sparse, late = evaluation.settings.weights
    ours = {"dense_sparse": (dense, sparse, 0.0), "fused": (dense, sparse, late)}
    published = dict(zip(ours, theirs, strict=True))
    plain = evaluation.settings == FusionSettings(evaluation.settings.weights)
    if number.mode in ours and not (plain and ours[number.mode] == published[number.mode].weights):
        yield "other weights, or another way to fuse"


CHECKS: tuple[Callable[[Evaluation, Number], Iterable[str]], ...] = (
    _encoder,
    _limits,
    _collection,
    _protocol,
    _weights,
)
