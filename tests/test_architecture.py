"""Who may import whom, how large files may be, and what they may be called.

Read from the source by `ast`, so an import inside a function counts as well.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted([ROOT / "app.py", *ROOT.glob("studio/**/*.py"), *ROOT.glob("eval/**/*.py")])
NAMES = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in FILES]

PROTOCOL = "studio.encoders.protocol"
CORE = f"""studio.answers studio.engines studio.explain studio.fusion studio.index studio.ingest
    studio.languages studio.passages studio.processor studio.reading* studio.records studio.scoring
    studio.search studio.settings studio.workspace {PROTOCOL}"""
CHOOSING = "studio.encoders.choice studio.encoders.options"
SCIENCE = "ir_measures pytrec_eval bm25s statsmodels"
WORDS = """studio.ui.tables studio.ui.figures studio.ui.curves studio.ui.landscape
    studio.ui.takeaway studio.ui.highlight studio.ui.session studio.ui.jobs"""

# The first row whose pattern fits a module holds: module | ours that it may import | others' too.
# The standard library and studio.errors are free to all. What a row does not name is forbidden.
TABLE = f"""
app                      | studio.encoders studio.encoders.lazy studio.encoders.onepass {CHOOSING} studio.ui* {CORE} | spaces
studio.errors            |                                                                 |
studio.records           |                                                                 | numpy scipy
studio.reading*          | studio.records studio.reading*                                  | docx pypdf pyarrow selectolax charset_normalizer
studio.passages          | studio.records                                                  | semantic_text_splitter tokenizers
studio.languages         | studio.records                                                  | py3langid
studio.processor         |                                                                 |
studio.products          | studio.processor                                                | torch
studio.scoring           | studio.records studio.products                                  | numpy scipy torch
studio.segment           | studio.records                                                  | numpy scipy pyarrow
studio.index             | studio.records studio.scoring studio.segment                    | numpy
studio.fusion            | studio.records                                                  | numpy
studio.engines*          | studio.records studio.fusion studio.engines*                    | numpy
studio.search            | studio.records studio.scoring studio.index {PROTOCOL}           | numpy
studio.explain           | studio.records studio.scoring studio.index {PROTOCOL}           | numpy
studio.workspace         | studio.records studio.index                                     |
studio.ingest            | studio.records studio.index studio.passages studio.workspace {PROTOCOL} | numpy
studio.answers           | studio.records studio.index studio.search studio.explain studio.fusion {PROTOCOL} | numpy
studio.settings          | studio.records studio.workspace studio.encoders.options         | tqdm
studio.encoders.protocol | studio.records                                                  | tokenizers
studio.encoders.choice   | studio.encoders.hub                                             |
studio.encoders.hub      | studio.encoders.download studio.encoders.remote studio.records   | huggingface_hub
studio.encoders.download | studio.encoders.remote studio.records                           | huggingface_hub
studio.encoders.remote   |                                                                 | huggingface_hub
studio.encoders.options  |                                                                 |
studio.training*         | studio.encoders* studio.training* studio.records studio.settings | numpy pandas torch transformers
studio.encoders*         | studio.records studio.products studio.encoders*                 | numpy scipy tokenizers torch transformers safetensors spaces
studio.__main__          | studio.encoders {CORE}                                          |
studio.__init__          |                                                                 |
eval.__main__            | eval.* studio.encoders studio.encoders.deferred {CORE}           |
eval.commands*           | eval.* studio.encoders studio.encoders.deferred {CORE}           |
eval.collection          | eval.layouts* {CORE}                                            |
eval.layouts*            | eval.layouts* {CORE}                                            | datasets huggingface_hub numpy pandas pyarrow
eval.mteb_model          | eval.* {CORE}                                                   | mteb
eval.charts              | eval.* {CORE}                                                   | matplotlib
eval.palette             |                                                                 |
eval.*                   | eval.* {CORE}                                                   | numpy scipy pandas {SCIENCE}
studio.ui.jobs           | {CORE}                                                          |
studio.ui.session        | eval.* studio.ui.jobs studio.encoders.lazy {CORE}               | numpy
studio.ui.tables         | eval.* {CORE}                                                   | numpy pandas
studio.ui.figures        | eval.* {CORE}                                                   | numpy pandas plotly
studio.ui.curves         | eval.* studio.ui.figures studio.ui.session {CORE}               | numpy plotly
studio.ui.landscape      | eval.* studio.ui.session {CORE}                                 | numpy
studio.ui.takeaway       | {CORE}                                                          |
studio.ui.highlight      | eval.* {CORE}                                                   | numpy pandas
studio.ui.actions*       | eval.* studio.ui.actions* studio.encoders.lazy {CHOOSING} {WORDS} {CORE} | numpy pandas
studio.ui.tabs.parts     |                                                                 | gradio
studio.ui.tabs*          | studio.ui.tabs.parts                                            | gradio
studio.ui.theme          |                                                                 | gradio
studio.ui.wiring*        | eval.* studio.ui.wiring* studio.ui.actions* studio.ui.tabs* {WORDS} {CORE} | gradio
studio.ui.__init__       | eval.* studio.ui.* {CHOOSING} {CORE}                            | gradio
"""  # noqa: E501  (a table is read across)


@dataclass(frozen=True)
class Row:
    pattern: str
    ours: tuple[str, ...]
    others: tuple[str, ...]


def rows() -> list[Row]:
    joined = re.sub(r"\n(?=    )", " ", TABLE.strip())  # CORE is written on several lines
    cells = [[cell.split() for cell in line.split("|")] for line in joined.splitlines()]
    return [Row(pattern, tuple(ours), tuple(others)) for [pattern], ours, others in cells]


def row_of(name: str) -> Row:
    return next((row for row in rows() if fnmatchcase(name, row.pattern)), Row("", (), ()))


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(FILES[NAMES.index(name)].read_text("utf-8"))


def is_module(name: str) -> bool:
    return name in NAMES or f"{name}.__init__" in NAMES


def imports(name: str) -> set[str]:
    """Full names of what a module imports: ours as modules, others by their package."""
    found: set[str] = set()
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name} has a relative import; write it in full"
            whole = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            found |= {w if is_module(w) else str(node.module) for w in whole.values()}
    return {f if is_module(f) else f.split(".")[0] for f in found} - sys.stdlib_module_names


def functions(name: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree(name)) if isinstance(node, kinds)]


def dependencies() -> set[str]:
    """Import names behind requirements.txt, and every package that the table names."""
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    required = {re.split(r"[\[<>=!~; #]", line)[0].replace("-", "_") for line in lines}
    return {name for name in required if name} | {other for row in rows() for other in row.others}


@pytest.mark.parametrize("name", NAMES)
def test_a_module_imports_only_what_the_table_allows(name: str) -> None:
    row = row_of(name)
    assert row.pattern, f"{name} has no row in the table"
    allowed = (*row.ours, *row.others, "studio.errors")
    wrong = {i for i in imports(name) if not any(fnmatchcase(i, pattern) for pattern in allowed)}
    assert not wrong, f"{name} ({row.pattern}) must not import {', '.join(sorted(wrong))}"


@pytest.mark.parametrize(
    ("package", "homes"),
    [
        ("torch", "studio.encoders.* studio.training.* studio.scoring studio.products"),
        ("transformers", "studio.encoders.* studio.training.top"),
        ("datasets", "eval.layouts*"),
        ("gradio", "studio.ui.*"),
        ("plotly", "studio.ui.figures studio.ui.curves"),
        (
            "huggingface_hub",
            "studio.encoders.hub studio.encoders.download studio.encoders.remote eval.layouts*",
        ),
        ("mteb", "eval.mteb_model"),
        ("matplotlib", "eval.charts"),
        ("ir_measures", "eval.*"),
        ("pandas", "eval.* studio.ui.* studio.training.*"),
    ],
)
def test_a_package_is_imported_only_in_its_home(package: str, homes: str) -> None:
    users = {name for name in NAMES if package in imports(name)}
    assert all(any(fnmatchcase(user, home) for home in homes.split()) for user in users), users


def test_every_row_of_the_table_is_needed() -> None:
    used = {row_of(name).pattern for name in NAMES}
    assert [row.pattern for row in rows() if row.pattern not in used] == []


@pytest.mark.parametrize(
    ("module", "never"),
    [
        ("studio.encoders.lazy", "torch transformers gradio"),
        ("studio.records", "torch pandas gradio"),
        ("studio.passages", "torch pandas gradio"),
        ("studio.answers", "transformers pandas gradio"),
        ("eval.__main__", "gradio transformers datasets"),
        ("eval.mteb_model", "mteb gradio transformers datasets"),
    ],
)
def test_importing_a_module_loads_nothing_heavy_by_the_way(module: str, never: str) -> None:
    script = f"import sys, {module}; print(*sorted(set('{never}'.split()) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_files_and_functions_stay_small(name: str) -> None:
    assert len(FILES[NAMES.index(name)].read_text("utf-8").splitlines()) <= 230
    for function in functions(name):
        lines = (function.end_lineno or 0) - function.lineno + 1
        layout = name.startswith("studio.ui.tabs.") and function.name.endswith("layout")
        assert lines <= (80 if layout else 60), f"{name}.{function.name}: {lines} lines"


@pytest.mark.parametrize("name", NAMES)
def test_modules_and_their_public_names_have_docstrings(name: str) -> None:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    public = [n for n in tree(name).body if isinstance(n, kinds) and not n.name.startswith("_")]
    assert ast.get_docstring(tree(name)), f"{name} does not say what it owns"
    assert [node.name for node in public if not ast.get_docstring(node)] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_module_takes_the_name_of_a_library(name: str) -> None:
    stem = name.split(".")[-1]
    if not stem.startswith("__"):
        assert stem not in sys.stdlib_module_names | dependencies()
    assert stem not in {"utils", "helpers", "manager", "misc", "common"}
