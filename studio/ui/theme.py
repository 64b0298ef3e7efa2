"""How the page is dressed: Gradio's base theme in ink and paper, our style sheet, our scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

ASSETS = Path(__file__).resolve().parent.parent.parent / "assets"
SCRIPTS = (  # in this order
    *("fusion", "state", "results", "reasons", "triangle", "territory", "surface", "simplex"),
    *("mix", "verdict", "takeaway", "parts"),
)

WEIGHTS = (400, 700)  # of Gradio's bundled Plex files the semi-bold ones lack most glyphs
THEME = gr.themes.Base(
    primary_hue=gr.themes.colors.slate,
    neutral_hue=gr.themes.colors.slate,
    font=[gr.themes.LocalFont("IBM Plex Sans", WEIGHTS), "system-ui", "sans-serif"],
    font_mono=[gr.themes.LocalFont("IBM Plex Mono", WEIGHTS), "ui-monospace", "monospace"],
    radius_size=gr.themes.sizes.radius_sm,
    spacing_size=gr.themes.sizes.spacing_sm,
    text_size=gr.themes.sizes.text_md,
)


def head() -> str:
    """Our scripts, inline: nothing is fetched from another host."""
    sources = ((ASSETS / "page" / f"{name}.js").read_text("utf-8") for name in SCRIPTS)
    return f"<script>{''.join(sources)}</script>"


def launch_options() -> dict[str, Any]:
    """What `launch` needs so that the page looks and behaves the same in app, tests and Space."""
    return {
        "theme": THEME,
        "css_paths": ASSETS / "style.css",
        "head": head(),
        "footer_links": ["api"],
        "max_file_size": "100mb",
        "run_history": False,
        "state_session_capacity": 64,
        "ssr_mode": False,
    }
