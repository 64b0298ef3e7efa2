"""What a crash, a full disk or a curious hand leaves in the home."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress

import pytest

from studio.errors import ReadingError


@pytest.mark.parametrize("survived", range(5))
def test_a_machine_that_stops_while_replacing_leaves_the_old_or_the_new(
    workspace, monkeypatch, keep, survived
):
    keep(workspace, "notes", 1)
    real, calls = os.replace, []

    def stop(source, target):
        calls.append(source)
        if len(calls) > survived:
            raise KeyboardInterrupt  # nothing in the way catches it, as nothing catches a power cut
        real(source, target)

    with monkeypatch.context() as stopping, suppress(KeyboardInterrupt):
        stopping.setattr(os, "replace", stop)
        keep(workspace, "notes", 2)
    assert workspace.names() == ["notes"]
    assert workspace.get("notes").passages == (2 if survived == 4 else 1)
    assert len(workspace.index("notes")) == 0
    keep(workspace, "notes", 3)
    kept = workspace.get("notes")
    assert sorted(p.name for p in workspace.folder("notes").iterdir()) == [
        "collection.json",
        kept.index,
    ]


def test_a_machine_that_stops_while_renaming_leaves_the_old_name(workspace, monkeypatch, keep):
    keep(workspace, "old", 1)
    with monkeypatch.context() as stopping:
        stopping.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("stopped")))
        with pytest.raises(OSError, match="stopped"):
            workspace.rename("old", "new")
    assert workspace.names() == ["old"]
    assert len(workspace.index("old")) == 0


def test_the_name_behind_a_broken_card_can_be_used_again(workspace, keep):
    keep(workspace, "a", 1)
    (workspace.folder("a") / "collection.json").write_text("{")
    keep(workspace, "a", 2)
    assert [c.passages for c in workspace.collections()] == [2]


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
    shutil.rmtree(workspace.folder("a") / workspace.get("a").index)
    with pytest.raises(ReadingError, match="Encode it again"):
        workspace.index("a")
