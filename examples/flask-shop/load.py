"""Customers of the shop: calm first, then three things go wrong, one after the other and at the same time.

python load.py --url http://127.0.0.1:5001 --seconds 40
"""

from __future__ import annotations

import argparse
import random
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

THREADS = 24
PATIENCE = 30.0
Call = tuple[str, str, dict[str, str] | None]
"""What kind of request, its path, its form."""


@dataclass(frozen=True)
class Phase:
    """Customers who do one thing for some time.

    `start` and `end` are shares of the whole time, `rate` how many a second.
    """

    start: float
    end: float
    rate: float
    make: Callable[[random.Random], Call]


def browse(chance: random.Random) -> Call:
    """Do one of the things that work."""
    number = str(chance.randint(1, 8))
    return chance.choice(
        [
            ("calm", "/", None),
            ("calm", f"/products/{number}", None),
            ("calm", "/search?q=te", None),
            ("calm", "/checkout", {"order": _order(chance), "method": "card"}),
        ]
    )


def fill_cart(chance: random.Random) -> Call:
    """Put something into a cart."""
    return "cart", "/cart", {"customer": f"c-{chance.randint(1000, 9999)}", "product": str(chance.randint(1, 8))}


def search_german(chance: random.Random) -> Call:
    """Search where the index is gone."""
    return "search", f"/search?lang=de&q={chance.choice(['tee', 'kanne', 'becher', 'sieb'])}", None


def pay_by_wallet(chance: random.Random) -> Call:
    """Pay in the way that times out."""
    return "checkout", "/checkout", {"order": _order(chance), "method": "wallet"}


STOCKTAKE = Phase(0.7, 0.95, 6.0, fill_cart)
PHASES = (
    Phase(0.0, 1.0, 16.0, browse),
    Phase(0.0, 0.55, 4.0, fill_cart),
    Phase(0.45, 0.7, 6.0, pay_by_wallet),
    Phase(0.55, 0.8, 6.0, search_german),
    STOCKTAKE,
)


def plan(seconds: float, seed: int) -> Iterator[tuple[float, Call]]:
    """Yield when, in seconds from the start, to make which call, in order."""
    chance = random.Random(seed)
    calls = []
    for phase in PHASES:
        count = round((phase.end - phase.start) * seconds * phase.rate)
        calls += [(phase.start * seconds + at / phase.rate, phase.make(chance)) for at in range(count)]
    lock = {"seconds": f"{(STOCKTAKE.end - STOCKTAKE.start) * seconds + 3.0:.1f}"}
    start = STOCKTAKE.start * seconds - 1.0
    # Those before are quick.
    calls += [(float(at), ("stocktake", "/stocktake", {"seconds": "0"})) for at in range(1, int(start), 2)]
    calls.append((start, ("stocktake", "/stocktake", lock)))
    yield from sorted(calls, key=lambda call: call[0])


def run(url: str, seconds: float, seed: int, say: Callable[[str], None] = print) -> Counter[tuple[str, int]]:
    """Make all calls when they are due, and count the answers by kind and status; 0 is none at all."""
    calls, lock, answers = plan(seconds, seed), threading.Lock(), Counter[tuple[str, int]]()
    start = told = 0.0

    def work() -> None:
        nonlocal told
        while True:
            with lock:
                due, call = next(calls, (0.0, None))
                if due >= told + 5.0:
                    told = due
                    say(f"{due:5.1f} s  {_summary(answers)}")
            if call is None:
                return
            time.sleep(max(0.0, start + due - time.monotonic()))
            status = _make(url, call)
            with lock:
                answers[call[0], status] += 1

    _wait_for(url)
    start = time.monotonic()
    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _wait_for(url: str) -> None:
    """Wait until the shop is open."""
    until = time.monotonic() + PATIENCE
    while not _make(url, ("calm", "/", None)):
        if time.monotonic() > until:
            raise SystemExit(f"nobody answers at {url}: is the shop running there?")
        time.sleep(0.2)


def _make(url: str, call: Call) -> int:
    _, path, form = call
    data = None if form is None else urllib.parse.urlencode(form).encode()
    try:
        with urllib.request.urlopen(url + path, data, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def _order(chance: random.Random) -> str:
    return f"order-{chance.randint(100_000, 999_999)}"


def _summary(answers: Counter[tuple[str, int]]) -> str:
    return ", ".join(
        f"{kind} {status or 'no answer'}: {count}" for (kind, status), count in sorted(answers.items())
    )


def main() -> None:
    """Run the load from the command line."""
    parser = argparse.ArgumentParser(description="Customers of the shop, calm first, then in trouble.")
    parser.add_argument("--url", default="http://127.0.0.1:5001")
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    answers = run(chosen.url, chosen.seconds, chosen.seed)
    print(f"done     {_summary(answers)}")


if __name__ == "__main__":
    main()
