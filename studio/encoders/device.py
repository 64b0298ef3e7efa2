"""Which machine the model meets: GPU or CPU, in what precision, with how many threads.

On a Space with ZeroGPU a GPU is lent for one call at a time, in a forked process; `borrowed`
marks the call. Elsewhere it changes nothing.
"""

from __future__ import annotations

import math
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch

from studio.encoders.options import Options, on_zero
from studio.errors import EncoderError

F = TypeVar("F", bound=Callable[..., Any])
DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
# On a CPU a wider pass is slower: above 1,500 tokens the feed-forward's 32 MB and more come as
# fresh pages from the system at every layer (measured: 268 against 245 GFLOP/s at 4,096).
CPU_BUDGET, GPU_BUDGET = 1_024, 32_768
INT8_BUDGET = 512  # its passes are short and its arrays many: half as wide, they stay in the cache
CGROUP_LIMIT = Path("/sys/fs/cgroup/cpu.max")


@dataclass(frozen=True)
class Setup:
    """Where and how a model runs: `dtype` is that of its float weights."""

    device: str
    precision: str
    dtype: torch.dtype
    budget: int

    @property
    def plain(self) -> bool:
        """Whether it is float32 on a CPU."""
        return self.device.startswith("cpu") and self.precision == "float32"


def setup(options: Options, *, gpu: bool) -> Setup:
    """What the options mean on this machine; `gpu`: whether a GPU is taken unasked."""
    device = options.device or ("cuda" if gpu and _has_gpu() else "cpu")
    _check(device)
    on_gpu = not device.startswith("cpu")
    precision = options.precision or ("float16" if on_gpu else "float32")
    if precision == "int8":
        _check_int8(on_gpu)
    if not on_gpu:
        torch.set_num_threads(cores())
    return Setup(
        device,
        precision,
        DTYPES.get(precision, torch.float32),
        options.budget or _budget(on_gpu, precision),
    )


def cores() -> int:
    """The cores that this process may use: torch's own count, and a container's share of it."""
    here = torch.get_num_threads()
    try:
        share, period = CGROUP_LIMIT.read_text("ascii").split()
        return min(here, max(1, math.ceil(int(share) / int(period))))
    except (OSError, ValueError):  # no cgroup here, or no limit in it ('max')
        return here


def borrowed(function: F) -> F:
    """Run a generator on a GPU lent for the call, where GPUs are lent; else as it is."""
    if not on_zero():
        return function
    import spaces  # the Space's own package

    lent: F = spaces.GPU(function, duration=120)
    return lent


def _budget(on_gpu: bool, precision: str) -> int:
    if on_gpu:
        return GPU_BUDGET
    return INT8_BUDGET if precision == "int8" else CPU_BUDGET


def _has_gpu() -> bool:
    return on_zero() or torch.cuda.is_available()


def _check(device: str) -> None:
    try:
        kind = torch.device(device).type
    except RuntimeError as error:
        raise EncoderError(
            f"There is no kind of device '{device}'. Use cpu, cuda, cuda:1 or mps."
        ) from error
    there = {"cpu": True, "cuda": _has_gpu(), "mps": torch.backends.mps.is_available()}
    if not there.get(kind, False):
        raise EncoderError(f"torch {torch.__version__} finds no device '{device}' here. Use cpu.")
    index = torch.device(device).index or 0
    if kind == "cuda" and not on_zero() and index >= torch.cuda.device_count():
        raise EncoderError(f"There is no {device}: torch finds {torch.cuda.device_count()} GPUs.")


def _check_int8(on_gpu: bool) -> None:
    if on_gpu:
        raise EncoderError("int8 is a mode for CPUs. On a GPU use float16 or bfloat16.")
    here, onednn = platform.machine(), torch.backends.mkldnn.is_available
    if here.lower() not in ("x86_64", "amd64") or not onednn():  # type: ignore[no-untyped-call]
        raise EncoderError(
            f"int8 needs an x86-64 CPU and a torch with oneDNN; this machine has {here}. "
            "Use float32."
        )
