"""The page, from one line: flags and environment, encoder and home, then Gradio.

On a Hugging Face Space (SPACE_ID set) it runs unchanged: visitors are strangers to each other, and
the encoder is the one that the Space's owner configured.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

from studio.encoders.options import on_zero

# On ZeroGPU `spaces` replaces parts of torch, so it is imported first, and it lends its GPU only to
# functions that were decorated before the page starts: `onepass` holds the one.
if on_zero():
    import spaces  # noqa: F401

    from studio.encoders import onepass  # noqa: F401

from studio.encoders import choose
from studio.encoders.lazy import LazyEncoder
from studio.errors import StudioError
from studio.settings import add_encoder, encoder_options, environment_options
from studio.ui import build, launch_options
from studio.ui.session import Server
from studio.workspace import default_home


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """Flags, each with an environment variable behind it; StudioError where one is nonsense."""
    parser = argparse.ArgumentParser(prog="app.py", description=__doc__)
    on_space = "SPACE_ID" in os.environ
    host = os.environ.get("GRADIO_SERVER_NAME") or ("0.0.0.0" if on_space else "127.0.0.1")
    parser.add_argument("--host", default=host)
    parser.add_argument("--port", type=int, default=os.environ.get("GRADIO_SERVER_PORT"))
    parser.add_argument("--encoder", default=os.environ.get("STUDIO_ENCODER") or "auto")
    add_encoder(parser, environment_options())
    parser.add_argument("--home", type=Path, default=default_home())
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Serve the page until interrupted; status 2 for what the user can mend."""
    try:
        arguments = parse(argv)
        encoder = LazyEncoder(choose(arguments.encoder), encoder_options(arguments))
    except StudioError as error:
        print(f"app.py: {error}", file=sys.stderr)
        return 2
    try:
        arguments.home.expanduser().mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(f"app.py: --home {arguments.home}: {error.strerror}.", file=sys.stderr)
        return 2
    server = Server(encoder, arguments.home.expanduser(), public="SPACE_ID" in os.environ)
    encoder.start()  # the page answers while the weights load
    page = build(server)
    try:
        page.launch(server_name=arguments.host, server_port=arguments.port, **launch_options())
    except (OSError, OverflowError) as error:  # a port that is taken, forbidden or none
        place = f"{arguments.host}:{arguments.port or 7860}"
        print(f"app.py: {place} cannot be served ({error}); try --port.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
