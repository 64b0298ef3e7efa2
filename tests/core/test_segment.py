from __future__ import annotations

import numpy as np
import pytest

from studio.records import Passage
from studio.segment import ARRAYS, GrowingFile, Segment
from tests.fakes import encode

TEXTS = ["The red fox", "An owl by night", "cod", "", "red cod red", "foxes 狐狸"]


def passages(texts: list[str]) -> list[Passage]:
    return [Passage(f"p{n}", f"d{n}", t, 0, len(t)) for n, t in enumerate(texts)]


def portions(*sizes: int):
    first = 0
    for size in sizes:
        part = TEXTS[first : first + size]
        yield passages(TEXTS)[first : first + size], encode(part)
        first += size


@pytest.mark.parametrize("sizes", [(1, 5), (2, 2, 2), (1, 1, 1, 1, 1, 1), (5, 1)])
def test_portions_are_one_segment_to_whoever_reads_it(tmp_path, sizes):
    whole = Segment.write(tmp_path / "whole", portions(6))
    parts = Segment.write(tmp_path / "parts", portions(*sizes))
    assert len(parts) == len(TEXTS)
    assert [parts.passage(n) for n in range(6)] == passages(TEXTS)
    assert parts.column("id") == whole.column("id")
    for name in ARRAYS:
        assert parts.array(name).dtype == whole.array(name).dtype
        assert np.array_equal(parts.array(name), whole.array(name)), name
    assert (parts.sparse(20_000) != whole.sparse(20_000)).nnz == 0


def test_a_portion_is_on_disk_before_the_next_is_asked_for(tmp_path):
    sizes = []

    def watched():
        for portion in portions(3, 3):
            sizes.append((tmp_path / "s" / "multi_vector.npy").stat().st_size)
            yield portion

    Segment.write(tmp_path / "s", watched())
    wide = encode(TEXTS[:3]).multi_vector.shape
    assert sizes[1] >= wide[0] * wide[1] * 2 - 8192  # float16; the last bytes may be buffered


def test_passages_and_encodings_must_be_as_many(tmp_path):
    with pytest.raises(ValueError, match="2 passages but 1 encodings"):
        Segment.write(tmp_path / "s", [(passages(TEXTS[:2]), encode(TEXTS[:1]))])


def test_a_file_that_grew_past_many_digits_is_read_by_numpy(tmp_path):
    file = GrowingFile(tmp_path / "a.npy")
    rows = np.arange(300_000, dtype=np.int32).reshape(-1, 3)
    for part in np.array_split(rows, 7):
        file.append(part)
    file.close()
    assert np.array_equal(np.load(tmp_path / "a.npy", mmap_mode="r"), rows)


def test_a_file_without_rows_has_their_width(tmp_path):
    file = GrowingFile(tmp_path / "a.npy")
    file.append(np.zeros((0, 5), dtype=np.float16))
    file.close()
    assert np.load(tmp_path / "a.npy").shape == (0, 5)
