"""python -m studio: encode files into a collection, search it, and keep house, without a page."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from studio import encoders
from studio.answers import answer
from studio.ingest import ingest
from studio.passages import CUTS, CutSettings
from studio.reading import Fields, read_files
from studio.settings import (
    add_common,
    add_fusion,
    encoder_options,
    fusion_settings,
    run_command,
    terminal_progress,
)
from studio.workspace import Collection, Workspace


def main() -> int:
    """Parse and run one command."""
    parser = argparse.ArgumentParser(prog="python -m studio", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_encode(commands.add_parser("encode", help="read, cut and encode files under a name"))
    _add_search(commands.add_parser("search", help="search a collection by a query"))
    _add_collections(commands.add_parser("collections", help="list, rename or delete collections"))
    return run_command(parser)


def _add_encode(parser: argparse.ArgumentParser) -> None:
    default = CutSettings()
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE_OR_FOLDER")
    parser.add_argument("--name", required=True, help="the collection's name")
    parser.add_argument("--replace", action="store_true", help="overwrite the one of that name")
    parser.add_argument("--cut", choices=CUTS, default=default.cut)
    parser.add_argument("--size", type=int, default=default.size, help="tokens of a passage")
    parser.add_argument("--overlap", type=int, default=default.overlap, help="tokens shared")
    for field in ("id", "title", "text", "language"):
        parser.add_argument(
            f"--{field}", default="", metavar="COLUMN", help=f"the {field}'s column"
        )
    add_common(parser)
    parser.set_defaults(command=encode)


def _add_search(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="the collection's name")
    parser.add_argument("query")
    parser.add_argument("--top", type=int, default=10, help="how many results")
    parser.add_argument("--explain", action="store_true", help="add the tokens behind each score")
    add_common(parser)
    add_fusion(parser)
    parser.set_defaults(command=search)


def _add_collections(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rename", nargs=2, metavar=("NAME", "NEW"))
    parser.add_argument("--delete", metavar="NAME")
    add_common(parser)
    parser.set_defaults(command=collections)


def encode(arguments: argparse.Namespace) -> None:
    """Files to a collection."""
    workspace = Workspace(arguments.home)
    workspace.check_new(arguments.name, arguments.replace)  # before anything slow
    settings = CutSettings(arguments.cut, arguments.size, arguments.overlap)
    options = encoder_options(arguments)
    fields = Fields(arguments.id, arguments.title, arguments.text, arguments.language)
    progress = terminal_progress()
    reading = read_files(arguments.paths, fields, progress)
    for note in reading.notes:
        print(note, file=sys.stderr)
    encoder = encoders.load(arguments.encoder, progress=progress, **asdict(options))
    made = ingest(
        workspace,
        encoder,
        reading.documents,
        arguments.name,
        settings,
        replace=arguments.replace,
        progress=progress,
    )
    if arguments.json:
        _print_json(made.as_json())
    else:
        print(_line(made))


def search(arguments: argparse.Namespace) -> None:
    """A query against a collection."""
    settings, options = fusion_settings(arguments), encoder_options(arguments)
    workspace = Workspace(arguments.home)
    index = workspace.index(arguments.name)
    name = index.encoder.name if arguments.encoder == "auto" else arguments.encoder
    if name == index.encoder.name:  # as it was when it encoded, where nothing else is asked for
        options = options.as_made(index.encoder.precision, index.encoder.title)
    encoder = encoders.load(name, progress=terminal_progress(), **asdict(options))
    found = answer(index, encoder, arguments.query, settings, arguments.top, arguments.explain)
    if arguments.json:
        _print_json(found)
        return
    print(f"{found['encoder']} · {len(found['results'])} of {len(index):,} passages")
    for hit in found["results"]:
        raw = " ".join(f"{mode} {hit[mode]:.4f}" for mode in ("dense", "sparse", "multi_vector"))
        print(f"\n{hit['rank']:3}. {hit['score']:.4f}  {hit['passage']}  ({raw})")
        print(f"     {hit['text'][:200]}")
        for token in hit.get("sparse_tokens", [])[:8]:
            print(f"       {token['token']}  {token['contribution']:.4f}")


def collections(arguments: argparse.Namespace) -> None:
    """List the collections, after renaming or deleting one if asked."""
    workspace = Workspace(arguments.home)
    if arguments.rename:
        workspace.rename(*arguments.rename)
    if arguments.delete:
        workspace.delete(arguments.delete)
    kept = workspace.collections()
    if arguments.json:
        _print_json({"collections": [asdict(collection) for collection in kept]})
        return
    for collection in kept:
        print(_line(collection))


def _line(made: Collection) -> str:
    return (
        f"{made.name}: {made.documents:,} documents, {made.passages:,} passages ({made.cut}), "
        f"{made.tokens:,} tokens, {made.truncated:,} truncated, {made.seconds:.1f} s, "
        f"{made.megabytes:.1f} MB, by {made.encoder}"
    )


def _print_json(value: dict[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False))


if __name__ == "__main__":
    sys.exit(main())
