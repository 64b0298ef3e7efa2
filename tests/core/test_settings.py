from __future__ import annotations

import argparse

import pytest

from studio import settings
from studio.encoders.options import HELP, Options
from studio.errors import EncoderError, SettingsError
from studio.records import FusionSettings
from studio.settings import (
    PRESETS,
    add_common,
    add_encoder,
    add_fusion,
    encoder_options,
    environment_options,
    fusion_settings,
    run_command,
    terminal_progress,
)

REAL = settings.tqdm


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


# The encoder's options


def options(*flags: str) -> Options:
    parser = argparse.ArgumentParser()
    add_common(parser)
    return encoder_options(parser.parse_args(flags))


def test_without_flags_the_options_are_the_default():
    assert options() == Options()


def test_every_flag_reaches_its_option():
    flags = "--device cpu --precision int8 --query-tokens 64 --passage-tokens 1024 --budget 2048"
    given = Options("cpu", "int8", 64, 1024, 2048, 256)
    assert options(*flags.split(), "--dimension", "256") == given


def test_flags_that_no_encoder_can_have_are_refused_in_a_sentence():
    with pytest.raises(EncoderError, match="Precision 'int4' is unknown"):
        options("--precision", "int4")
    with pytest.raises(EncoderError, match="A limit of 2 query tokens"):
        options("--query-tokens", "2")


def test_the_help_of_each_flag_says_what_it_costs():
    parser = argparse.ArgumentParser(prog="studio")
    add_encoder(parser)
    shown = " ".join(parser.format_help().split())
    for name, cost in HELP.items():
        assert f"--{name.replace('_', '-')}" in shown
        assert " ".join(cost.split()) in shown


def test_variables_stand_behind_the_flags(monkeypatch):
    monkeypatch.setenv("STUDIO_DEVICE", "cpu")
    monkeypatch.setenv("STUDIO_QUERY_TOKENS", " 64 ")
    monkeypatch.setenv("STUDIO_BUDGET", "")
    assert environment_options() == Options(device="cpu", query_tokens=64)
    parser = argparse.ArgumentParser()
    add_encoder(parser, environment_options())
    asked = parser.parse_args(["--query-tokens", "32"])
    assert encoder_options(asked) == Options(device="cpu", query_tokens=32)


def test_a_variable_that_makes_no_sense_is_named(monkeypatch):
    monkeypatch.setenv("STUDIO_BUDGET", "plenty")
    with pytest.raises(SettingsError, match="STUDIO_BUDGET is 'plenty'; it must be a whole number"):
        environment_options()
    monkeypatch.setenv("STUDIO_BUDGET", "0")
    with pytest.raises(EncoderError, match="The budget is 0"):
        environment_options()


def test_a_download_is_one_bar_in_megabytes(monkeypatch, capsys):
    monkeypatch.setattr(settings, "tqdm", lambda **how: REAL(**how | {"disable": False}))
    report = terminal_progress()
    for done in (812, 1500, 2290, 2290, 2290):  # the checksum is told of as all that is there
        report(done, 2290, "downloading BAAI/bge-m3 (MB)")
    report(0, 3, "encoding")
    report(3, 3, "encoding")
    out, drawn = capsys.readouterr()
    assert out == ""
    assert "downloading BAAI/bge-m3: " in drawn
    assert "812 of 2,290 MB [" in drawn
    assert "(MB)" not in drawn
    assert drawn.count("2,290 of 2,290 MB") == drawn.count("3/3") == 1
