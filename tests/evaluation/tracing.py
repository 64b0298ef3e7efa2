"""How much memory loading a collection takes, traced in a process of its own.

Until Python 3.12.9 tracemalloc may end a process whose other threads (such as a page's server, left
over from its tests) ask for memory just as it stops.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# `atlas` first: what is loaded once, such as codecs, is none of the corpus'.
SCRIPT = """
import sys, tracemalloc
from eval import collection
collection.load("atlas")
tracemalloc.start()
loaded = collection.load(sys.argv[1])
print(len(loaded.passages), *tracemalloc.get_traced_memory())
"""


def traced(name: str, **environment: str) -> tuple[int, int, int]:
    """Passages, and bytes held and at the highest, of `collection.load(name)`."""
    line = [sys.executable, "-c", SCRIPT, name]
    given = os.environ | environment
    done = subprocess.run(line, cwd=ROOT, env=given, capture_output=True, text=True, check=True)
    passages, held, peak = map(int, done.stdout.split())
    return passages, held, peak
