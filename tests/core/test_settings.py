from __future__ import annotations

import argparse

import pytest

from studio.errors import SettingsError
from studio.records import FusionSettings
from studio.settings import (
    PRESETS,
    add_common,
    add_fusion,
    fusion_settings,
    run_command,
    terminal_progress,
)


def parsed(*flags: str) -> FusionSettings:
    parser = argparse.ArgumentParser()
    add_fusion(parser)
    return fusion_settings(parser.parse_args(flags))


def test_without_flags_the_fusion_is_the_default():
    assert parsed() == FusionSettings()


def test_every_flag_reaches_its_setting():
    flags = "--weights 0.2 0.8 0 --normalise z-score --method rrf --rrf-k 10"
    assert parsed(*flags.split()) == FusionSettings((0.2, 0.8, 0.0), "z-score", "rrf", 10.0)


def test_flags_out_of_range_are_refused_as_settings_are():
    with pytest.raises(SettingsError, match="All three weights are 0"):
        parsed("--weights", "0", "0", "0")
    with pytest.raises(SettingsError, match="not a number"):
        parsed("--weights", "1", "nan", "1")


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_valid_fusion(name):
    assert FusionSettings(PRESETS[name])


def test_what_the_user_can_mend_is_status_2_and_a_bug_passes_through(capsys):
    def fail(arguments: argparse.Namespace) -> None:
        raise arguments.error

    parser = argparse.ArgumentParser(prog="studio")
    parser.set_defaults(command=fail, error=SettingsError("Type a name."))
    assert run_command(parser, []) == 2
    assert capsys.readouterr() == ("", "studio: Type a name.\n")
    parser.set_defaults(error=KeyboardInterrupt())
    assert run_command(parser, []) == 130
    parser.set_defaults(error=RuntimeError("a bug"))
    with pytest.raises(RuntimeError, match="a bug"):
        run_command(parser, [])


def test_a_command_may_give_its_own_status():
    parser = argparse.ArgumentParser()
    parser.set_defaults(command=lambda _: 1)
    assert run_command(parser, []) == 1


def test_the_encoder_is_chosen_automatically_unless_it_is_given():
    parser = argparse.ArgumentParser()
    add_common(parser)
    assert parser.parse_args([]).encoder == "auto"


def test_progress_writes_nothing_where_nobody_watches(capsys):
    report = terminal_progress()
    for done in range(4):
        report(done, 3, "encoding")
    assert capsys.readouterr() == ("", "")
