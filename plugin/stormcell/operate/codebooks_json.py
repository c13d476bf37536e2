"""Codebooks, and what happened to them, as other programs read them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from stormcell.codebook.comparing import Differences, Pair
from stormcell.operate.codebooks import Finding, StateSet
from stormcell.times import rfc3339
from stormcell.types import Codebook, Codeword, Event, ModelNote, Provenance, StoredCodebook


def stored_json(stored: StoredCodebook) -> dict[str, Any]:
    """Return a codebook as the store lists it, as JSON types."""
    return {
        "version": stored.version,
        "state": stored.state.value,
        "made": rfc3339(stored.made),
        "codewords": stored.codewords,
        "provenance": provenance_json(stored.provenance),
    }


def provenance_json(provenance: Provenance) -> dict[str, Any]:
    """Return where a codebook comes from, as JSON types."""
    return {
        **asdict(provenance),
        "first_seen": rfc3339(provenance.first_seen),
        "last_seen": rfc3339(provenance.last_seen),
    }


def codebook_json(codebook: Codebook, stored: StoredCodebook | None) -> dict[str, Any]:
    """Return a codebook as JSON types: what people ask of it, and not all that its document holds.

    Parameters
    ----------
    codebook : Codebook
    stored : StoredCodebook or None
        As the store lists it; None where it is not of a store.
    """
    known = {} if stored is None else {"state": stored.state.value, "made": rfc3339(stored.made)}
    whole = codebook.weight
    return {
        "version": codebook.version,
        **known,
        "provenance": provenance_json(codebook.provenance),
        "text": {
            "embedder": codebook.text.embedder,
            "model": codebook.text.model,
            "dimensions": codebook.text.dimensions,
        },
        "fields": [asdict(field) for field in codebook.fields],
        "codewords": [_codeword(word, word.weight / whole) for word in codebook.codewords],
    }


def changed_json(done: StateSet) -> dict[str, Any]:
    """Return what became of a change as JSON types."""
    return {
        "version": done.codebook.version,
        "state": done.codebook.state.value,
        "live_before": done.before,
        "changed": done.changed,
    }


def differences_json(before: Codebook, after: Codebook, found: Differences) -> dict[str, Any]:
    """Return what differs between two codebooks as JSON types."""
    return {
        "before": before.version,
        "after": after.version,
        "stability": found.stability,
        "kept": [_pair(pair) for pair in found.pairs if not pair.moved],
        "moved": [
            {**_pair(pair), "before": _event(pair.before.medoid), "after": _event(pair.after.medoid)}
            for pair in found.moved
        ],
        "new": [_codeword(word) for word in found.new],
        "gone": [_codeword(word) for word in found.gone],
        "new_share": found.new_share,
        "gone_share": found.gone_share,
        "fields": [{"before": old and asdict(old), "after": new and asdict(new)} for old, new in found.fields],
        "text": [{"name": name, "before": old, "after": new} for name, old, new in found.text],
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    """Return what is wrong with a file as JSON types."""
    return {
        "file": str(finding.file),
        "fault": finding.fault.value,
        "state": finding.state and finding.state.value,
        "told": finding.told,
    }


def note_json(note: ModelNote) -> dict[str, Any]:
    """Return what happened to the model as JSON types."""
    return {
        "number": note.number,
        "time": rfc3339(note.time),
        "kind": note.kind.value,
        "version": note.version,
        "detail": dict(note.detail),
    }


def _codeword(word: Codeword, share: float | None = None) -> dict[str, Any]:
    return {
        "id": word.id,
        "weight": word.weight,
        **({} if share is None else {"share": share}),
        "radius": word.radius,
        "template": word.template,
        "medoid": _event(word.medoid),
    }


def _pair(pair: Pair) -> dict[str, Any]:
    return {"id": pair.before.id, "share_before": pair.share_before, "share_after": pair.share_after}


def _event(event: Event) -> dict[str, Any]:
    return {
        "uid": event.uid,
        "signal": event.signal.value,
        "time": rfc3339(event.time),
        "service": event.service,
        "severity": event.severity,
        "text": event.text,
    }
