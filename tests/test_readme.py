"""README is held against what is there: files in its tree, commands, the two lines to run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
MODULES = sorted(
    path
    for folder in ("studio", "eval")
    for path in (ROOT / folder).glob("*.py")
    if path.name != "__init__.py"  # the folder's own line stands for it
)
PACKAGES = sorted(
    folder
    for folder in (ROOT / "studio").iterdir()
    if folder.is_dir() and (folder / "__init__.py").is_file()
)

LINES = (
    "pip install -r requirements.txt && python app.py",
    "pip install -r requirements.txt -r tests/requirements.txt && python -m pytest",
)


@pytest.fixture(scope="module")
def readme() -> str:
    return README.read_text("utf-8")


def commands() -> Iterator[str]:
    """`python -m studio encode` and so on, from the parsers' own lines."""
    for package in ("studio", "eval"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for name in re.findall(r"\.add_parser\(\s*\"([\w-]+)\"", path.read_text("utf-8")):
                yield f"python -m {package} {name}"


def test_the_parsers_are_read_rightly() -> None:
    found = set(commands())
    assert found >= {"python -m studio encode", "python -m studio search"}
    assert found >= {"python -m eval list", "python -m eval run"}


@pytest.mark.parametrize("command", sorted(commands()))
def test_readme_shows_every_command(readme: str, command: str) -> None:
    assert command in readme


@pytest.mark.parametrize("line", LINES)
def test_both_lines_to_run_stand_in_readme_unbroken(readme: str, line: str) -> None:
    assert line in [written.strip().removeprefix("$ ") for written in readme.splitlines()]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_the_tree_of_readme_names_every_module(readme: str, path: Path) -> None:
    assert path.name in tree_part(readme, path.parent.name)


@pytest.mark.parametrize("folder", PACKAGES, ids=lambda folder: folder.name)
def test_the_tree_of_readme_names_every_folder_of_the_studio(readme: str, folder: Path) -> None:
    assert f"{folder.name}/" in tree_part(readme, "studio")


def tree_part(readme: str, folder: str) -> str:
    """The tree's lines below `studio/` or `eval/`: as long as they stand further to the right."""
    lines = readme.splitlines()
    start = next(
        (n for n, line in enumerate(lines) if re.match(rf"[ │├└─]*{folder}/(\s|$)", line)), None
    )
    assert start is not None, f"README has no tree with a line '{folder}/'"
    column = lines[start].index(f"{folder}/")
    part = []
    for line in lines[start + 1 :]:
        name = re.search(r"[^ │├└─]", line)
        if name is None or name.start() <= column:
            break
        part.append(line)
    return "\n".join(part)
