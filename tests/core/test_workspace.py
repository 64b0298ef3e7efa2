from __future__ import annotations

from pathlib import Path

import pytest

from studio.errors import SettingsError
from studio.workspace import Limits, Workspace, check_name, default_home

NAMES = [
    "notes", "My Notes", "my notes", "café", "cafe\u0301", "笔记", "заметки", "ملاحظات", "🦊",
    "a.b", "..", ".", "CON", "a'b\"c", "#1 & <b>", "x" * 60, "collection", "-", "--json",
]  # fmt: skip


def staging(workspace: Workspace) -> list[Path]:
    return list((workspace.home / "staging").iterdir())


def test_a_new_home_is_empty_and_nothing_is_written_by_looking(workspace):
    assert workspace.collections() == []
    assert not workspace.home.exists()


def test_a_kept_collection_comes_back_whole(workspace, keep):
    made = keep(workspace, "notes")
    assert workspace.get("notes") == made
    assert Workspace(workspace.home).collections() == [made]
    assert len(workspace.index("notes")) == 0
    assert staging(workspace) == []


def test_collections_are_listed_by_name_whatever_the_case(workspace, keep):
    for name in ("b", "A", "c", "Ab"):
        keep(workspace, name)
    assert workspace.names() == ["A", "Ab", "b", "c"]


def test_an_index_that_was_opened_before_is_opened_anew_after_a_replacement(workspace, keep):
    keep(workspace, "notes")
    first = workspace.index("notes")
    assert workspace.index("notes") is first
    keep(workspace, "notes")
    assert workspace.index("notes") is not first


def test_any_printable_name_keeps_its_own_collection(workspace, keep):
    for number, name in enumerate(NAMES):
        keep(workspace, workspace.check_new(name), number)
    assert sorted(workspace.names()) == sorted(NAMES)
    assert [workspace.get(name).passages for name in NAMES] == list(range(len(NAMES)))
    folders = [workspace.folder(name) for name in NAMES]
    assert len({str(folder).casefold() for folder in folders}) == len(NAMES)
    assert {folder.parent for folder in folders} == {workspace.home / "collections"}
    assert all(folder.name.isascii() for folder in folders)


@pytest.mark.parametrize(
    "name", ["", " ", "\t\n", "x" * 61, "a/b", "a\\b", "../x", "a\x00b", "a\nb", "a\u202eb", "\x7f"]
)
def test_a_name_that_people_cannot_read_is_refused(workspace, name):
    with pytest.raises(SettingsError, match=r"\.$"):
        workspace.check_new(name)


def test_blanks_around_a_name_do_not_count():
    assert check_name("  my notes\n") == "my notes"


def test_a_taken_name_is_refused_unless_it_may_be_replaced(workspace, keep):
    keep(workspace, "notes")
    with pytest.raises(SettingsError, match="The name 'notes' is taken"):
        workspace.check_new(" notes ")
    assert workspace.check_new("notes", replace=True) == "notes"


def test_an_unknown_name_lists_what_there_is(workspace, keep):
    with pytest.raises(SettingsError, match=r"no collection 'x'\. Collections here: none yet"):
        workspace.get("x")
    keep(workspace, "a")
    keep(workspace, "b")
    for asked in (workspace.get, workspace.index, workspace.delete):
        with pytest.raises(SettingsError, match="Collections here: 'a', 'b'"):
            asked("x")


def test_publishing_again_replaces_the_old_and_leaves_no_rubbish(workspace, keep):
    keep(workspace, "notes", 1)
    keep(workspace, "notes", 2)
    made = workspace.get("notes")
    assert made.passages == 2
    kept = sorted(path.name for path in workspace.folder("notes").iterdir())
    assert kept == ["collection.json", made.index]
    assert staging(workspace) == []


def test_renaming_moves_everything(workspace, keep):
    keep(workspace, "old", 7)
    renamed = workspace.rename("old", " 新 ")
    assert (renamed.name, renamed.passages) == ("新", 7)
    assert workspace.names() == ["新"]
    assert len(workspace.index("新")) == 0


def test_renaming_to_its_own_name_changes_nothing(workspace, keep):
    made = keep(workspace, "notes")
    assert workspace.rename("notes", " notes ") == made
    assert workspace.names() == ["notes"]


def test_renaming_never_overwrites(workspace, keep):
    keep(workspace, "a", 1)
    keep(workspace, "b", 2)
    with pytest.raises(SettingsError, match="The name 'b' is taken"):
        workspace.rename("a", "b")
    with pytest.raises(SettingsError, match="slashes"):
        workspace.rename("a", "x/y")
    assert {c.name: c.passages for c in workspace.collections()} == {"a": 1, "b": 2}


def test_deleting_removes_its_files_and_no_others(workspace, keep):
    keep(workspace, "a")
    keep(workspace, "b")
    workspace.delete("a")
    assert workspace.names() == ["b"]
    assert not workspace.folder("a").exists()
    with pytest.raises(SettingsError):
        workspace.delete("a")


def test_a_visitor_keeps_so_many_collections_and_may_replace_one(tmp_path, keep):
    workspace = Workspace(tmp_path, Limits(collections=2))
    keep(workspace, "a")
    keep(workspace, "b")
    with pytest.raises(SettingsError, match="can keep 2 collections"):
        workspace.check_new("c")
    assert workspace.check_new("b", replace=True) == "b"


def test_a_visitor_keeps_so_many_passages(tmp_path):
    workspace = Workspace(tmp_path, Limits(passages=1_000))
    workspace.check_size(1_000)
    with pytest.raises(SettingsError, match="give 1,001 passages; this server takes 1,000"):
        workspace.check_size(1_001)


def test_ones_own_machine_has_no_limit(workspace):
    workspace.check_size(10**9)


def test_the_home_is_what_the_environment_says(monkeypatch):
    monkeypatch.setenv("STUDIO_HOME", "/somewhere")
    assert default_home() == Path("/somewhere")
    monkeypatch.setenv("STUDIO_HOME", "")
    assert default_home() == Path.home() / ".hybrid-retrieval-studio"
