"""What the page does, as plain functions: values in, values out, no Gradio.

A button's function takes what `Server` and `Session` hold and gives a new `Session` with JSON-like
values, frames and figures; `ui.wiring` binds it to components.
"""
