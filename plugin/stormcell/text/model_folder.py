"""Finds a sentence-transformers model on this machine and looks whether its files are there; downloads nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

from stormcell.errors import SettingsError

MODULES: Final = "modules.json"
_ORGANISATION: Final = "sentence-transformers"
_OURS: Final = "sentence_transformers."
# Without these the library stops with an error that names no file.
_NEEDED: Final = {"Transformer": "config.json", "Pooling": "config.json", "StaticEmbedding": "tokenizer.json"}


def find_model(model: str) -> Path:
    """Return the folder of a model, checked.

    Parameters
    ----------
    model : str
        A folder, or the name of a model in the cache of Hugging Face; a name without an organisation is one of
        sentence-transformers.

    Raises
    ------
    ImportError
        If a cache is to be looked into and huggingface_hub is not installed.
    SettingsError
        If there is no such model, it lacks a file, or it brings code of its own.
    """
    folder = Path(model).resolve() if Path(model).is_dir() else _cached(model)
    for module in _modules(folder):
        _check(folder, module)
    return folder


def _cached(model: str) -> Path:
    """Return the folder in the cache that holds the model of this name."""
    if model.startswith(("/", "~", ".")) or model.count("/") > 1 or "\\" in model:
        raise SettingsError(
            f"text.model: there is no folder {model}; expected the folder of a sentence-transformers model, which "
            f"holds {MODULES}"
        )
    from huggingface_hub import constants, try_to_load_from_cache

    name = model if "/" in model else f"{_ORGANISATION}/{model}"
    cache = os.environ.get("SENTENCE_TRANSFORMERS_HOME") or constants.HF_HUB_CACHE
    try:
        found = try_to_load_from_cache(name, MODULES, cache_dir=cache)
    except ValueError:  # No name of a model: there is none of it.
        found = None
    if not isinstance(found, str):
        place = Path(cache, f"models--{name.replace('/', '--')}")
        raise SettingsError(
            f"text.model: {model} is no folder, and no sentence-transformers model of that name is in the cache: "
            f"expected {place}/snapshots/*/{MODULES}. Nothing is downloaded here: get it with `hf download "
            f"{name}`, or copy the model's folder to this machine and give its path"
        )
    return Path(found).parent


def _modules(folder: Path) -> list[dict[str, Any]]:
    """Return what a model consists of."""
    try:
        modules = json.loads((folder / MODULES).read_text("utf-8"))
    except FileNotFoundError:
        raise SettingsError(
            f"text.model: {folder} is not the folder of a sentence-transformers model: it has no file {MODULES}. "
            "`SentenceTransformer.save` writes one"
        ) from None
    except (OSError, ValueError) as error:
        raise SettingsError(f"text.model: {folder / MODULES} cannot be read: {error}") from error
    if not isinstance(modules, list) or not modules or not all(map(_is_module, modules)):
        raise SettingsError(
            f"text.model: {folder / MODULES} is wrong: expected a list of modules, each with a `type` and a `path`"
        )
    return modules


def _is_module(module: object) -> bool:
    return isinstance(module, dict) and all(isinstance(module.get(name), str) for name in ("type", "path"))


def _check(folder: Path, module: dict[str, Any]) -> None:
    # A model is data. What it names here would be imported, and so run.
    if not module["type"].startswith(_OURS):
        raise SettingsError(
            f"text.model: {folder / MODULES} asks for the code {module['type']}, which is not run; expected "
            f"modules of {_OURS}* alone"
        )
    needed = _NEEDED.get(module["type"].rpartition(".")[2])
    if needed and not (folder / module["path"] / needed).is_file():
        raise SettingsError(
            f"text.model: {folder / module['path']} has no file {needed}, which {module['type']} needs; copy the "
            "model's folder anew, with all that is in it"
        )
