"""What the system tells of its processor."""

from __future__ import annotations

import platform
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")


def name() -> str:
    """The model, as people know it."""
    return _told("model name") or platform.processor() or platform.machine()


def maker() -> str:
    """GenuineIntel, AuthenticAMD, …; '' where the system does not tell."""
    known = (m for m in ("GenuineIntel", "AuthenticAMD") if m in platform.processor())
    return _told("vendor_id") or next(known, "")


def _told(field: str) -> str:
    try:
        lines = CPUINFO.read_text("utf-8").splitlines()
    except OSError:  # only Linux has it
        return ""
    return next((x.split(":", 1)[1].strip() for x in lines if x.startswith(field)), "")
