"""stormcell embedder: what gives texts their meaning, and taking it elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stormcell.cli import options

app = typer.Typer(no_args_is_help=True, help="See and export the shipped embedder of texts.")


@app.command("show", epilog=options.examples("stormcell embedder show", "stormcell embedder show --json"))
def show(as_json: options.Json = False) -> None:
    """Print what the shipped embedder is: its size, its teacher, what it was trained on."""
    from stormcell.cli.output import console, print_json
    from stormcell.text.static import StaticEmbedder

    about = StaticEmbedder().description
    if as_json:
        print_json(about)
        return
    corpus = about["corpus"]
    lines = (
        f"static, {about['dimensions']} dimensions, rows for {about['pieces']:,} word pieces",
        f"taught by {about['teacher']}",
        f"on {corpus['texts']:,} texts from {corpus['sources']} released archives of permissive licences",
    )
    console().print("\n".join(lines), soft_wrap=True)


@app.command("export", epilog=options.examples("stormcell embedder export model/"))
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is new or empty.")],
) -> None:
    """Write the shipped embedder as a folder that sentence-transformers loads."""
    from stormcell.cli.output import say
    from stormcell.text.export import export as write
    from stormcell.text.static import StaticEmbedder

    write(StaticEmbedder(), folder)
    say(f"Written to {folder}: SentenceTransformer({str(folder)!r}) loads it.")
