"""Which machine a model meets; a GPU, and one that is lent, stand behind local stand-ins."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from studio import encoders
from studio.encoders import device, onepass
from studio.encoders.options import Options
from studio.errors import EncoderError

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (Options(device="cuda"), "finds no device 'cuda'"),
        (Options(device="mps"), "finds no device 'mps'"),
        (Options(device="toaster"), "no kind of device 'toaster'"),
        (Options(device="meta"), "finds no device 'meta'"),
    ],
)
def test_a_device_that_is_not_there_is_a_sentence(monkeypatch, options, said):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(EncoderError, match=said):
        device.setup(options, gpu=True)


def test_unasked_a_gpu_is_taken_in_halves_where_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    found = device.setup(Options(), gpu=True)
    assert (found.device, found.precision, found.dtype) == ("cuda", "float16", torch.float16)
    assert found.budget == device.GPU_BUDGET
    assert device.setup(Options(), gpu=False).device == "cpu"
    with pytest.raises(EncoderError, match="There is no cuda:3"):
        device.setup(Options(device="cuda:3"), gpu=True)
    with pytest.raises(EncoderError, match="int8 is a mode for CPUs"):
        device.setup(Options(precision="int8"), gpu=True)


@pytest.mark.parametrize(
    ("content", "most"), [("100000 100000", 1), ("150000 100000", 2), ("max 100000", None)]
)
def test_threads_keep_to_a_containers_share(monkeypatch, tmp_path, content, most):
    (tmp_path / "cpu.max").write_text(content + "\n")
    monkeypatch.setattr(device, "CGROUP_LIMIT", tmp_path / "cpu.max")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 64)
    assert device.cores() == (most or 64)


def test_without_a_cgroup_torch_counts(monkeypatch, tmp_path):
    monkeypatch.setattr(device, "CGROUP_LIMIT", tmp_path / "absent")
    assert device.cores() == torch.get_num_threads()


class Narrow:
    """Stands before an encoder's pass: more than `room` tokens do not fit."""

    def __init__(self, encoder: onepass.OnePassEncoder, room: int) -> None:
        self.run, self.room, self.sizes = encoder.run, room, []

    def __call__(self, rows):
        tokens = sum(len(ids) for ids, _ in rows)
        self.sizes.append(tokens)
        if tokens > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self.run(rows)


@pytest.fixture
def texts() -> list[str]:
    return ["fox " * n for n in (30, 28, 20, 12, 9, 5, 2)]


def test_a_pass_that_does_not_fit_is_halved_and_stays_so(e5_encoder, monkeypatch, texts):
    whole = e5_encoder.encode_passages(texts)
    narrow = Narrow(e5_encoder, 80)
    monkeypatch.setattr(e5_encoder, "budget", 200)
    monkeypatch.setattr(e5_encoder, "run", narrow)
    found = e5_encoder.encode_passages(texts)
    assert found.dense == pytest.approx(whole.dense, abs=1e-5)
    assert found.multi_vector == pytest.approx(whole.multi_vector, abs=1e-5)
    assert e5_encoder.budget <= 80
    failed = [size for size in narrow.sizes if size > 80]
    assert len(failed) == len(set(failed)) <= 3  # never twice at one size


def test_one_text_that_does_not_fit_is_said(e5_encoder, monkeypatch, texts):
    monkeypatch.setattr(e5_encoder, "budget", 200)
    monkeypatch.setattr(e5_encoder, "run", Narrow(e5_encoder, 10))
    with pytest.raises(EncoderError, match=r"A text of \d+ tokens does not fit the free memory"):
        e5_encoder.encode_passages(texts)


def test_another_error_is_not_taken_for_a_lack_of_memory(e5_encoder, monkeypatch, texts):
    def broken(_rows):
        raise RuntimeError("device-side assert triggered")

    monkeypatch.setattr(e5_encoder, "run", broken)
    with pytest.raises(RuntimeError, match="device-side assert"):
        e5_encoder.encode_passages(texts)


# What the package `spaces` does on ZeroGPU: the call runs in a forked process, and what goes in
# and comes out is pickled.
STAND_IN = """
import multiprocessing, pickle

def GPU(function=None, duration=60):
    def lent(*args):
        here, there = multiprocessing.get_context("fork").Pipe()
        def work():
            for result in function(*pickle.loads(sent)):
                there.send_bytes(pickle.dumps(result))
            there.send_bytes(b"")
        sent = pickle.dumps(args)
        process = multiprocessing.get_context("fork").Process(target=work)
        process.start()
        print("lent to process", process.pid)
        while result := here.recv_bytes():
            yield pickle.loads(result)
        process.join()
    return lent
"""
CALL = """
import os, torch
torch.set_num_threads(1)  # a fork and OpenMP's threads do not go together
from studio import encoders
encoder = encoders.load("embedded", device="cpu")
found = encoder.encode_passages(["The red fox", "runs"])
print(os.getpid(), found.dense.shape, found.multi_vector.shape, float((found.dense**2).sum()))
"""


def test_on_zerogpu_the_passes_run_in_a_process_that_has_the_gpu(tmp_path, e5_encoder):
    (tmp_path / "spaces.py").write_text(STAND_IN)
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", CALL],
        env=os.environ | {"SPACES_ZERO_GPU": "true", "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    lent, found = done.stdout.splitlines()
    assert lent.split()[-1] != found.split()[0], done.stderr
    assert "(2, 384)" in found
    assert float(found.split()[-1]) == pytest.approx(2, abs=1e-4)


def test_what_a_pass_gives_is_numpy_and_can_be_pickled(e5_encoder):
    [(last, found)] = onepass.passes(
        e5_encoder._key, [(t.ids, t.keep) for t in e5_encoder.passages(["The red fox"])]
    )
    assert last == 1
    assert pickle.loads(pickle.dumps(found)).dense.shape == (1, 384)


def test_an_encoder_that_is_let_go_leaves_the_memory():
    before = len(onepass.RESIDENT)
    small = encoders.load("embedded", device="cpu", dimension=64)
    assert len(onepass.RESIDENT) == before + 1
    del small
    assert len(onepass.RESIDENT) == before
