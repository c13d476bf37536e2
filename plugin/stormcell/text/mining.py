"""Template mining: log statements found again in what they printed, in one pass and bounded memory.

Texts with one skeleton are one template. What the skeleton leaves undecided is decided by what else was seen:

- an open name is a value where ``NAMES`` different ones, or a value, stood in its place;
- a word is a value where ``WORDS`` different ones, or a value, stood in its place while all else was equal;
- what follows a colon is one value where ``TAILS`` different endings followed one start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Self, TypeVar

from stormcell.text.skeleton import HOLE, OPEN, Skeleton, folded, shape, skeleton, spell

FORMAT: Final = "stormcell.templates/1"
NAMES: Final = 3
WORDS: Final = 5
TAILS: Final = 3
LEAST_START: Final = 3
"""Words that a start must have for its endings to be looked at."""
LEAST_REST: Final = 2
"""Words that must be equal beside the one that differs."""
CAPACITY: Final = 20_000
"""Skeletons remembered; then the older half is forgotten."""
MOST_CHARACTERS: Final = 2048
"""Characters of a text that are read."""

_CACHE_CHARACTERS: Final = 4_000_000
_ENTRY: Final = 256

Tokens = tuple[str, ...]
Fixed = tuple[tuple[int, str], ...]
"""The words of a pattern, each with its place."""

Held = TypeVar("Held")
_COLON: Final = frozenset(":")


class TemplateMiner:
    """Learns templates from a stream of texts; the same texts in the same order give the same templates.

    Parameters
    ----------
    capacity : int
        Most skeletons that are remembered. Templates found stay found.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._names: dict[Tokens, list[set[str]]] = {}
        self._patterns: dict[Tokens, None] = {}
        self._starts: dict[Tokens, None] = {}
        self._varied: dict[Tokens, set[int]] = {}
        # All that follows is made of the above.
        self._known: set[Tokens] = set()
        self._beside: dict[Tokens, set[str]] = {}
        self._endings: dict[Tokens, set[Tokens]] = {}
        self._by_start: dict[tuple[int, str], list[tuple[Tokens, Fixed]]] = {}
        self._found: dict[Tokens, Tokens] = {}
        self._stood: dict[Tokens, dict[int, set[str]]] = {}
        self._noted = True
        self._seen: dict[bytes, Skeleton] = {}
        self._room = _CACHE_CHARACTERS

    def learn(self, text: str) -> Skeleton:
        """Take in a text and return its skeleton, which ``template`` spells as it is known by then."""
        key = folded(shape(text[:MOST_CHARACTERS]))
        found = self._seen.get(key)
        if found is None:
            self._room -= len(key) + _ENTRY
            if self._room < 0:
                self._seen.clear()
                self._room = _CACHE_CHARACTERS
            found = self._seen[key] = skeleton(key.decode())
            self.add(found)
        return found

    def add(self, found: Skeleton) -> None:
        """Take in the skeleton of a text."""
        places = self._names.get(found.tokens)
        news = places is None
        if places is None:
            if len(self._names) >= self._capacity:
                self._forget()
            places = self._names[found.tokens] = [set() for _ in found.names]
            self._add(closed(found.tokens))
        for place, name in zip(places, found.names, strict=True):
            if len(place) < NAMES and name not in place:
                place.add(name)
                news = True
        if news and self._noted:
            self._note(found.tokens)

    def template(self, found: Skeleton) -> str:
        """Return the template of a skeleton, as far as is known: values stand as ``<*>``."""
        return spell(self._tokens(found))

    def places(self, found: Skeleton) -> list[int]:
        """Return for each hole of a skeleton which hole of its template it is in; -1 for a word there.

        Names are holes of a skeleton, and neighbouring holes are one, as they are spelled.
        """
        tokens = self._tokens(found)
        number, last = {}, -1
        for at, token in enumerate(tokens):
            if token == HOLE:
                last += at == 0 or tokens[at - 1] != HOLE
                number[at] = last
        places: list[int] = []
        for at, token in enumerate(found.tokens):
            if token in (HOLE, OPEN):
                into = number.get(min(at, len(tokens) - 1), -1)
                if at and found.tokens[at - 1] in (HOLE, OPEN):
                    places[-1] = max(places[-1], into)
                else:
                    places.append(into)
        return places

    def _tokens(self, found: Skeleton) -> Tokens:
        pattern = self._pattern(found.tokens)
        self._note_all()
        stood, varied = self._stood.get(pattern, {}), self._varied.get(pattern, ())
        names = iter(found.names)
        own = [next(names) if token == OPEN else token for token in found.tokens]
        return tuple(
            own[at] if token == HOLE and at not in varied and _few(stood.get(at)) else token
            for at, token in enumerate(pattern)
        )

    def _pattern(self, tokens: Tokens) -> Tokens:
        """Return the tokens that all skeletons of one template share, holes between them."""
        found = self._found.get(tokens)
        if found is None:
            whole = closed(tokens)
            pattern = self._match(whole) or whole
            start = self._start_of(pattern)
            found = self._found[tokens] = pattern if start is None else (*start, HOLE)
        return found

    def _note(self, tokens: Tokens) -> None:
        """Note what a skeleton has in the holes of its template."""
        pattern = self._pattern(tokens)
        stood = self._stood.setdefault(pattern, {})
        name = iter(self._names[tokens])
        for at, token in enumerate(tokens[: len(pattern)]):
            found = next(name) if token == OPEN else {token}
            if pattern[at] != HOLE:
                continue
            # After a start whatever ends it is a value.
            ends = at == len(pattern) - 1 and len(pattern) != len(tokens)
            stood.setdefault(at, set()).update({HOLE} if ends else found)

    def _note_all(self) -> None:
        if not self._noted:
            self._stood.clear()
            self._noted = True
            for tokens in self._names:
                self._note(tokens)

    def snapshot(self) -> dict[str, Any]:
        """Return all that is known as JSON values; ``restore`` goes on from there."""
        return {
            "format": FORMAT,
            "skeletons": [[list(tokens), [sorted(p) for p in places]] for tokens, places in self._names.items()],
            "patterns": [list(pattern) for pattern in self._patterns],
            "starts": [list(start) for start in self._starts],
            "varied": [[list(pattern), sorted(places)] for pattern, places in self._varied.items()],
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any], capacity: int = CAPACITY) -> Self:
        """Return a miner that knows what ``snapshot`` tells.

        Raises
        ------
        ValueError
            If it is not a snapshot.
        """
        if snapshot.get("format") != FORMAT:
            raise ValueError(f"expected a snapshot of the format {FORMAT}, found {snapshot.get('format')!r}")
        miner = cls(capacity)
        try:
            miner._starts = {_tokens(start): None for start in snapshot["starts"]}
            miner._patterns = {_tokens(pattern): None for pattern in snapshot["patterns"]}
            miner._varied = {_tokens(pattern): set(map(int, places)) for pattern, places in snapshot["varied"]}
            miner._names = {
                _tokens(tokens): [set(map(str, place)) for place in places]
                for tokens, places in snapshot["skeletons"]
            }
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"the snapshot is damaged: {error!r}") from error
        miner._rebuild()
        return miner

    def copy(self) -> Self:
        """Return a miner that knows the same and learns on its own."""
        other = type(self)(self._capacity)
        other._names = {tokens: [set(place) for place in places] for tokens, places in self._names.items()}
        other._patterns, other._starts, other._found = dict(self._patterns), dict(self._starts), dict(self._found)
        other._varied = {pattern: set(places) for pattern, places in self._varied.items()}
        other._known = set(self._known)
        other._beside = {pattern: set(words) for pattern, words in self._beside.items()}
        other._endings = {start: set(endings) for start, endings in self._endings.items()}
        other._by_start = {key: list(held) for key, held in self._by_start.items()}
        other._stood = {
            pattern: {at: set(words) for at, words in places.items()} for pattern, places in self._stood.items()
        }
        other._noted = self._noted
        return other

    def _rebuild(self) -> None:
        """Make anew what follows from the skeletons and the templates found."""
        for made in (
            self._known,
            self._beside,
            self._endings,
            self._by_start,
            self._stood,
            self._seen,
            self._found,
        ):
            made.clear()
        self._room = _CACHE_CHARACTERS
        self._noted = False
        for pattern in self._patterns:
            self._index(pattern)
        for tokens in [*self._patterns, *map(closed, self._names)]:
            self._add(tokens)

    def _add(self, whole: Tokens) -> None:
        """Note what stands beside each word of new tokens, and what follows each colon."""
        if whole in self._known:
            return
        self._known.add(whole)
        if whole in self._beside:  # one with a word where this one has a value
            self._make_pattern(whole)
        words = [token[:1].isalpha() for token in whole]
        count = sum(words)
        for at, token in enumerate(whole):
            if not words[at] or count - 1 < LEAST_REST:
                continue
            pattern = (*whole[:at], HOLE, *whole[at + 1 :])
            if pattern in self._patterns:
                continue
            beside = self._beside.setdefault(pattern, set())
            beside.add(token)
            if len(beside) >= WORDS or pattern in self._known:
                self._make_pattern(pattern)
        self._follow(whole, words)

    def _follow(self, whole: Tokens, words: Sequence[bool]) -> None:
        count = 0
        for at, token in enumerate(whole[:-1]):
            count += words[at]
            if token not in _COLON or count < LEAST_START:
                continue
            start = whole[: at + 1]
            if start in self._starts:
                return
            endings = self._endings.setdefault(start, set())
            endings.add(whole[at + 1 :])
            if len(endings) >= TAILS:
                del self._endings[start]
                self._starts[start] = None
                self._noted = False
                self._found.clear()
                return

    def _make_pattern(self, pattern: Tokens) -> None:
        self._beside.pop(pattern, None)
        if pattern not in self._patterns:
            self._patterns[pattern] = None
            self._noted = False
            self._index(pattern)
            self._add(pattern)

    def _index(self, pattern: Tokens) -> None:
        fixed = tuple([(at, token) for at, token in enumerate(pattern) if token != HOLE])
        self._by_start.setdefault((len(pattern), pattern[0]), []).append((pattern, fixed))
        self._found.clear()

    def _match(self, whole: Tokens) -> Tokens | None:
        """Return the pattern with the most holes that holds these tokens, of equals the first by spelling."""
        best: tuple[int, Tokens] | None = None
        for first in (whole[0], HOLE):
            for pattern, fixed in self._by_start.get((len(whole), first), ()):
                for at, token in fixed:
                    if whole[at] != token:
                        break
                else:
                    rank = (-pattern.count(HOLE), pattern)
                    best = rank if best is None else min(best, rank)
        return None if best is None else best[1]

    def _start_of(self, whole: Tokens) -> Tokens | None:
        """Return the shortest start whose endings vary."""
        for at, token in enumerate(whole):
            if token in _COLON and whole[: at + 1] in self._starts:
                return whole[: at + 1]
        return None

    def _forget(self) -> None:
        """Forget the older half of the skeletons, and of templates where there are too many.

        What varied once stays a value.
        """
        self._note_all()
        for pattern, stood in self._stood.items():
            varied = {at for at, held in stood.items() if not _few(held)}
            if varied:
                self._varied.setdefault(pattern, set()).update(varied)
        self._names = _newer(self._names, self._capacity // 2)
        most = max(self._capacity // 10, 1)
        self._patterns = _newer(self._patterns, most)
        self._starts = _newer(self._starts, most)
        self._varied = _newer(self._varied, self._capacity)
        self._rebuild()


def _few(stood: set[str] | None) -> bool:
    """Whether so few words stood in a place that each makes a template of its own."""
    return stood is not None and HOLE not in stood and len(stood) < NAMES


def _newer(held: dict[Tokens, Held], most: int) -> dict[Tokens, Held]:
    """Return the ``most`` entries that came last."""
    return dict(list(held.items())[max(len(held) - most, 0) :])


def _tokens(stored: Sequence[str]) -> Tokens:
    tokens = tuple(map(str, stored))
    if not tokens:
        raise ValueError("no tokens")
    return tokens


def closed(tokens: Tokens) -> Tokens:
    """Return tokens with a hole in place of every open name."""
    return tuple([token or HOLE for token in tokens])
