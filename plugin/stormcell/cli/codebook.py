"""stormcell codebook: the versions of the model, and which of them is live."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, help="Train codebooks, see what they are, and say which one is live.")
