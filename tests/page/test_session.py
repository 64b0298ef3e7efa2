from __future__ import annotations

import os
import time

import pytest

from studio.errors import SettingsError
from studio.ui.session import VISITOR_HOURS, VISITOR_LIMITS, Server


def test_on_one_s_own_machine_all_visitors_share_a_workspace_without_limits(
    server: Server,
) -> None:
    assert server.workspace("a").home == server.workspace("b").home == server.home
    assert server.workspace("a").limits.passages is None


def test_on_a_public_server_each_visitor_has_a_workspace_with_limits(public: Server) -> None:
    one, other = public.workspace("a1"), public.workspace("b2")
    assert one.home != other.home
    assert one.limits == VISITOR_LIMITS
    with pytest.raises(SettingsError, match=r"this server takes 2,000"):
        one.check_size(2_001)


@pytest.mark.parametrize("visitor", ["", "../other", "a/b", ".", "local"])
def test_a_visitor_s_name_never_leads_elsewhere(public: Server, visitor: str) -> None:
    with pytest.raises(SettingsError, match="names no session"):
        public.workspace(visitor)


def test_old_visitors_are_swept_away_and_new_ones_stay(public: Server) -> None:
    for name in ("old1", "new1"):
        (public.visitors / name).mkdir(parents=True)
    long_ago = time.time() - VISITOR_HOURS * 3600 - 1
    os.utime(public.visitors / "old1", (long_ago, long_ago))
    public.sweep()
    assert [folder.name for folder in public.visitors.iterdir()] == ["new1"]


def test_a_visitor_who_leaves_is_forgotten_but_never_one_s_own_home(
    public: Server, server: Server
) -> None:
    (public.visitors / "a1").mkdir(parents=True)
    server.forget("a1")
    assert (public.visitors / "a1").exists()
    public.forget("../visitors")
    assert (public.visitors / "a1").exists()
    public.forget("a1")
    assert not (public.visitors / "a1").exists()
