"""Writes the static embedder as a folder that sentence-transformers loads like any other model."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from stormcell.errors import OutputError
from stormcell.files import write_atomic
from stormcell.text.static import StaticEmbedder
from stormcell.text.wordpiece import LONGEST_WORD, UNKNOWN
from stormcell.types import FloatArray

_PREFIX = "##"


def export(embedder: StaticEmbedder, folder: Path) -> None:
    """Write ``embedder`` into ``folder``.

    Raises
    ------
    OutputError
        If the folder holds something already, or cannot be written.
    """
    try:
        (folder / "1_Normalize").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write {folder}: {error.strerror}") from error
    if any(path.name != "1_Normalize" for path in folder.iterdir()):
        raise OutputError(f"{folder} is not empty; name a new folder")
    kind = "sentence_transformers.models."
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": f"{kind}StaticEmbedding"},
        {"idx": 1, "name": "1", "path": "1_Normalize", "type": f"{kind}Normalize"},
    ]
    write_atomic(folder / "modules.json", _json(modules))
    write_atomic(folder / "config_sentence_transformers.json", _json({"similarity_fn_name": "cosine"}))
    write_atomic(folder / "tokenizer.json", _json(_tokenizer(embedder.vocabulary)))
    write_atomic(folder / "model.safetensors", _safetensors("embedding.weight", embedder.table()))
    write_atomic(folder / "README.md", _readme(embedder).encode())


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def _tokenizer(vocabulary: list[str]) -> dict[str, Any]:
    """Return the description of an uncased BERT tokenizer for the package tokenizers."""
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": None,
        "decoder": {"type": "WordPiece", "prefix": _PREFIX, "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": UNKNOWN,
            "continuing_subword_prefix": _PREFIX,
            "max_input_chars_per_word": LONGEST_WORD,
            "vocab": {piece: number for number, piece in enumerate(vocabulary)},
        },
    }


def _safetensors(name: str, table: FloatArray) -> bytes:
    """Return one table in the safetensors format: the length of a JSON header, the header, the numbers."""
    # Not in sixteen bits: there a text without any known word is normalised to NaN.
    numbers = table.astype("<f4")
    header = json.dumps(
        {name: {"dtype": "F32", "shape": list(numbers.shape), "data_offsets": [0, numbers.nbytes]}}
    ).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + numbers.tobytes()


def _readme(embedder: StaticEmbedder) -> str:
    about = embedder.description
    return (
        "# Stormcell's static embedder\n\n"
        f"{embedder.dimensions} dimensions, trained on short technical texts to say what its teacher says "
        f"({about.get('teacher', 'unknown')}). Apache-2.0.\n\n"
        "```python\nfrom sentence_transformers import SentenceTransformer\n\n"
        'vectors = SentenceTransformer("this folder").encode(["disk full"])\n```\n'
    )
