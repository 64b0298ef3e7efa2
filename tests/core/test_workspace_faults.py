"""What a crash, a full disk or a curious hand leaves in the home."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from studio.errors import ReadingError


def test_a_crash_before_the_first_rename_keeps_the_old(workspace, monkeypatch, keep):
    keep(workspace, "notes", 1)
    staged = workspace.stage()
    real = os.replace

    def crash(source, target):
        if Path(source).name != "collection.new":
            raise OSError("killed")
        real(source, target)

    monkeypatch.setattr(os, "replace", crash)
    with pytest.raises(OSError, match="killed"):
        workspace.publish(staged, workspace.get("notes"))
    assert workspace.get("notes").passages == 1


def test_an_error_between_the_two_renames_keeps_the_old(workspace, monkeypatch, keep):
    made = keep(workspace, "notes", 1)
    staged = workspace.stage()
    real = os.replace

    def crash(source, target):
        if Path(source) == staged:
            raise OSError("killed")
        real(source, target)

    monkeypatch.setattr(os, "replace", crash)
    with pytest.raises(OSError, match="killed"):
        workspace.publish(staged, made)
    assert workspace.names() == ["notes"]


def test_a_folder_without_a_card_is_not_a_collection(workspace, keep):
    keep(workspace, "a")
    (workspace.home / "collections" / "stray").mkdir()
    assert workspace.names() == ["a"]


@pytest.mark.parametrize("card", ["", "{", "{}", "[]", '{"name": "b"}'])
def test_a_broken_card_hides_only_its_own_collection(workspace, card, keep):
    keep(workspace, "a")
    keep(workspace, "b")
    (workspace.folder("b") / "collection.json").write_text(card)
    assert workspace.names() == ["a"]


def test_a_collection_without_its_index_says_so(workspace, keep):
    keep(workspace, "a")
    shutil.rmtree(workspace.folder("a") / "index")
    with pytest.raises(ReadingError, match="Encode it again"):
        workspace.index("a")
