"""Our encoder against FlagEmbedding 1.4.2, text by text, on small random checkpoints.

Both read the same files, in float32 on the CPU. What stands between them is rounding: 1e-5.
"""

from __future__ import annotations

import numpy as np
import pytest

from studio import encoders
from tests import checkpoints
from tests.parity.reference import Job, encoded

NEAR = 1e-5

SCRIPTS = [
    "The red fox runs at night. It sleeps by day, and nobody in the village has ever seen it.",
    "Le renard traverse la forêt ; où dort-il ? Żółw śpi, a çocuk güler – naïve façade, größer.",
    "Рыжая лиса бежит ночью. Никто в деревне её не видел, и это странно.",
    "Η κόκκινη αλεπού τρέχει τη νύχτα. Κανείς δεν την έχει δει ποτέ.",
    "الثعلب الأحمر يجري في الليل. لم يره أحد في القرية من قبل.",
    "השועל האדום רץ בלילה. איש בכפר לא ראה אותו מעולם.",
    "लाल लोमड़ी रात में दौड़ती है। गाँव में किसी ने उसे कभी नहीं देखा।",
    "สุนัขจิ้งจอกสีแดงวิ่งในเวลากลางคืน ไม่มีใครในหมู่บ้านเคยเห็นมัน",
    "红色的狐狸在夜里奔跑。村里没有人见过它,這是一件奇怪的事。",
    "붉은 여우가 밤에 달린다. 마을 사람 아무도 그것을 본 적이 없다.",
    "赤いキツネは夜に走る。ムラの人はだれも見たことがない。",
    "লাল শিয়াল রাতে দৌড়ায়। গ্রামের কেউ তাকে কখনও দেখেনি।",
    "წითელი მელა ღამით დარბის. სოფელში ის არავის უნახავს.",
    "செந்நரி இரவில் ஓடுகிறது. ቀይ ቀበሮ በሌሊት ይሮጣል። Կարմիր աղվեսը վազում է գիշերը։",
]
SPELLED = {  # texts that spell a special token, and its id: known to the tokenizer as that token
    "a <mask> between, and one<mask>without blanks <mask>": 250_001,
    "the end </s> is not the end</s>": 2,
    "<s> begins, <s>begins again": 0,
    "padding <pad> in the <pad><pad> middle of it": 1,
    "<unk> is unknown <unk>": 3,
}
ODD = [
    "",
    "a",
    "狐",
    " ",
    " \t\n ",
    "  blanks   before,  between and after \n\n",
    "...!?;,—–-()[]{}\"'«»“”。、",
    "🦊🌙 👩‍👩‍👧‍👦 🇫🇷 ✌🏽",
    "\U00013080\U00013081 has no piece of its own",  # <unk>
    "fox fox fox Fox fox fox fox night fox fox",
    "ﬁne ①② Ⅷ ㎏ ｆｕｌｌ　ｗｉｄｔｈ ½ ﷺ e\u0301 \u1112\u1161\u11ab x²",  # NFKC changes all of it
    "soft\u00adhyphen zero\u200bwidth \ufeffmark \u202eright\u202c\x00\x07 no\u00a0break",
    "https://example.org/a_b?c=1&d=%20 def f(x): return x**2  # 3.14159 1,000,000",
    "a" * 300,
]
TEXTS = [*SCRIPTS, *SPELLED, *ODD]

CHECKPOINTS = {
    "safetensors": {"seed": 1},
    "pytorch_model.bin": {"seed": 2, "weights": "pytorch_model.bin"},
    "3 layers of 48": {"seed": 3, "hidden": 48, "layers": 3, "heads": 6, "intermediate": 96},
    "ColBERT of 16": {"seed": 4, "colbert_dim": 16},
}
LENGTHS = (100, 511, 512, 513, 700)  # in tokens, around the limit that both have by default
LONG = (8_192, 8_300)
WHOLE = 8_192
NARROW = 12  # dimensions, fewer than any of these checkpoints has


@pytest.fixture(scope="module", params=CHECKPOINTS, ids=str)
def checkpoint(request, xlm_roberta, tmp_path_factory):
    """A folder, and what the reference must be told of it."""
    settings = CHECKPOINTS[request.param]
    folder = checkpoints.write(tmp_path_factory.mktemp("m3"), tokenizer=xlm_roberta, **settings)
    return folder, {"colbert_dim": settings.get("colbert_dim", -1)}


@pytest.fixture(scope="module")
def texts(words):
    return [*TEXTS, *map(words, LENGTHS)]


@pytest.fixture(scope="module")
def long_texts(words):
    return [words(tokens) for tokens in LONG]


@pytest.fixture(scope="module")
def theirs(ask, checkpoint, texts, long_texts):
    """The reference's answers about one checkpoint, from one process."""
    folder, settings = checkpoint
    whole = {"max_length": WHOLE, "batch_size": 1}
    jobs = {
        "passages": Job("encode_corpus", texts),
        "queries": Job("encode_queries", texts),
        "passages cut at 16": Job("encode_corpus", texts, {"max_length": 16}),
        "queries cut at 16": Job("encode_queries", texts, {"max_length": 16}),
        "long passages": Job("encode_corpus", long_texts, whole),
        "long queries": Job("encode_queries", long_texts, whole),
        "passages truncated": Job("encode_corpus", texts, truncate_dim=NARROW),
    }
    answers = ask(folder, list(jobs.values()), **settings)
    return {name: encoded(answer) for name, answer in zip(jobs, answers, strict=True)}


@pytest.fixture(scope="module")
def ours(checkpoint, texts, long_texts):
    """The same calls of our encoder."""
    folder = str(checkpoint[0])
    plain = encoders.load(folder, device="cpu")
    short = encoders.load(folder, device="cpu", query_tokens=16, passage_tokens=16)
    whole = encoders.load(folder, device="cpu", query_tokens=WHOLE, passage_tokens=WHOLE)
    return {
        "passages": plain.encode_passages(texts),
        "queries": plain.encode_queries(texts),
        "passages cut at 16": short.encode_passages(texts),
        "queries cut at 16": short.encode_queries(texts),
        "long passages": whole.encode_passages(long_texts),
        "long queries": whole.encode_queries(long_texts),
    }


CALLS = pytest.mark.parametrize(
    "call",
    [
        "passages",
        "queries",
        "passages cut at 16",
        "queries cut at 16",
        "long passages",
        "long queries",
    ],
)


@CALLS
def test_dense_vectors_are_the_references(theirs, ours, call):
    assert_same_dense(ours[call], theirs[call])


@CALLS
def test_lexical_weights_are_the_references(theirs, ours, call):
    assert_same_sparse(ours[call], theirs[call])


@CALLS
def test_colbert_vectors_are_the_references(theirs, ours, call):
    assert_same_multi_vector(ours[call], theirs[call])


@pytest.mark.parametrize("call", ["passages", "queries"])
def test_both_cut_where_they_say(theirs, ours, call):
    """</s> is a row, <s> is none: a text of 512 tokens or more has 511 rows."""
    rows = [min(tokens, 512) - 1 for tokens in LENGTHS]
    assert np.diff(ours[call].offsets)[-len(LENGTHS) :].tolist() == rows
    assert np.diff(theirs[call].offsets)[-len(LENGTHS) :].tolist() == rows
    assert ours[call].truncated[-len(LENGTHS) :].tolist() == [n > 512 for n in LENGTHS]


def test_a_text_alone_is_what_it_is_among_others(checkpoint, texts):
    encoder = encoders.load(str(checkpoint[0]), device="cpu")
    among = encoder.encode_passages(texts)
    for i in (0, 13, len(SCRIPTS), len(texts) - 1):
        alone, rows = encoder.encode_passages(texts[i : i + 1]), slice(*among.offsets[i : i + 2])
        assert alone.dense[0] == pytest.approx(among.dense[i], abs=NEAR)
        assert alone.multi_vector == pytest.approx(among.multi_vector[rows], abs=NEAR)


def test_a_dimension_is_the_references_truncate_dim(theirs, checkpoint, texts):
    narrow = encoders.load(str(checkpoint[0]), device="cpu", dimension=NARROW)
    found = narrow.encode_passages(texts)
    assert found.dense.shape == (len(texts), NARROW)
    assert_same(found, theirs["passages truncated"])


def assert_same(found, expected):
    assert_same_dense(found, expected)
    assert_same_sparse(found, expected)
    assert_same_multi_vector(found, expected)


def assert_same_dense(found, expected):
    assert found.dense.shape == expected.dense.shape
    assert apart(np.abs(found.dense - expected.dense).max(axis=1)) == {}


def assert_same_sparse(found, expected):
    """The same ids but for weights of no more than 1e-5, which rounding makes or unmakes."""
    assert found.sparse.shape == expected.sparse.shape
    for row in range(len(found)):
        got, wanted = lexical(found.sparse, row), lexical(expected.sparse, row)
        assert {i for i, weight in got.items() if weight > NEAR} <= set(wanted)
        assert {i for i, weight in wanted.items() if weight > NEAR} <= set(got)
    assert apart(np.abs(found.sparse - expected.sparse).max(axis=1).toarray()) == {}


def assert_same_multi_vector(found, expected):
    assert found.offsets.tolist() == expected.offsets.tolist()
    assert found.multi_vector.shape == expected.multi_vector.shape
    rows = np.abs(found.multi_vector - expected.multi_vector).max(axis=1)
    assert apart(np.maximum.reduceat(rows, found.offsets[:-1])) == {}


def apart(differences) -> dict[int, float]:
    """The texts, by number, where ours and the reference differ by more than rounding."""
    return {i: float(d) for i, d in enumerate(differences) if not d <= NEAR}


def lexical(weights, row: int) -> dict[int, float]:
    part = weights[[row]]
    return dict(zip(part.indices.tolist(), part.data.tolist(), strict=True))
