"""The table of the API: each line is a route, its place in the OpenAPI document, and in docs/api.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from pydantic import BaseModel

from stormcell.access import Scope
from stormcell.sidecar.api import (
    changing,
    codebook_models,
    draft_models,
    modelling,
    models,
    reading,
    requests,
    reviewing,
)
from stormcell.sidecar.api.call import Endpoint
from stormcell.sidecar.api.models import Model
from stormcell.sidecar.api.paths import ANY

_Handler = Callable[[Any], Mapping[str, Any]]


def _get(path: str, handler: _Handler, summary: str, answer: str, query: type[Model] | None = None) -> Endpoint:
    return Endpoint("GET", path, Scope.READ, handler, summary, answer, query, None)


def _post(
    path: str,
    handler: _Handler,
    summary: str,
    answer: str,
    body: type[Model] = models.By,
    largest: int = requests.MAX_BODY,
) -> Endpoint:
    return Endpoint("POST", path, Scope.OPERATE, handler, summary, answer, None, body, largest)


def _administer(
    path: str,
    handler: _Handler,
    summary: str,
    answer: str = "CodebookChanged",
    body: type[BaseModel] = codebook_models.WhyBody,
    largest: int = requests.MAX_BODY,
    scope: Scope = Scope.ADMINISTER,
) -> Endpoint:
    return Endpoint("POST", path, scope, handler, summary, answer, None, body, largest)


_train = partial(_administer, scope=Scope.TRAIN)


_CODEBOOKS: Final[tuple[Endpoint, ...]] = (
    _get("/codebooks", modelling.list_codebooks, "List codebooks.", "CodebookList"),
    _get(
        "/codebooks/status",
        modelling.model_status,
        "Show how the model is.",
        "ModelStatus",
        codebook_models.StatusQuery,
    ),
    _get("/codebooks/sample", modelling.codebook_sample, "Show what is trained next.", "CodebookSample"),
    _get("/codebooks/{id}", modelling.show_codebook, "Show a codebook.", "CodebookShown"),
    _get("/codebooks/{id}/document", modelling.codebook_document, "Export it.", "CodebookDocument"),
    _train(
        "/codebooks",
        modelling.import_codebook,
        "Import one.",
        body=codebook_models.CodebookBody,
        largest=codebook_models.MAX_CODEBOOK,
    ),
    _administer(
        "/codebooks/{id}/promote", modelling.promote_codebook, "Make it live.", body=codebook_models.PromoteBody
    ),
    _administer("/codebooks/{id}/reject", modelling.reject_codebook, "Say that it is not to become live."),
    _train("/codebooks/{id}/canary", modelling.start_canary, "Let it watch beside the live one."),
    _administer("/codebooks/canary/stop", modelling.stop_canary, "Stop the canary."),
    _administer(
        "/codebooks/rollback",
        modelling.roll_back_codebook,
        "Go back to the one before.",
        body=codebook_models.RollBackBody,
    ),
    _train("/codebooks/retrain", modelling.retrain, "Train one of what came last.", "RetrainAsked"),
    _train(
        "/codebooks/jobs", modelling.report_job, "Report a run of a job.", "JobReported", codebook_models.JobBody
    ),
)

# The first that fits answers. Uids are whatever the sender made them, slashes included; other ids are ours.
ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    _get("/groups", reading.list_groups, "List groups.", "Groups", models.GroupsQuery),
    _get("/groups/{id}", reading.show_group, "Show a group.", "GroupBrief"),
    _get("/groups/{id}/members", reading.list_members, "List why events are in it.", "Members", models.Page),
    _get("/groups/{id}/drafts", reading.list_drafts, "Write its drafts.", "Drafts", models.DraftsQuery),
    _post(
        "/groups/{id}/drafts", reviewing.start, "Begin the review of one.", "DraftChanged", draft_models.StartBody
    ),
    _get("/groups/{id}/history", reading.show_history, "Show who changed it.", "History", models.Page),
    _post("/groups/merge", changing.merge, "Say that groups are one.", "Changed", models.MergeBody),
    _post("/groups/{id}/ack", changing.acknowledge, "Mark it as acknowledged.", "StatusChanged"),
    _post("/groups/{id}/resolve", changing.resolve, "Mark it as resolved.", "StatusChanged"),
    _post("/groups/{id}/reopen", changing.reopen, "Mark it as open again.", "StatusChanged"),
    _post("/groups/{id}/split", changing.split, "Say that events are not of it.", "Changed", models.SplitBody),
    _post(f"/events/{{uid:{ANY}}}/move", changing.move, "Move an event.", "Changed", models.MoveBody),
    _post(f"/events/{{uid:{ANY}}}/pin", changing.pin, "Make an event the exemplar.", "Changed"),
    _get(f"/events/{{uid:{ANY}}}/explain", reading.explain_event, "Explain its place.", "Explanation"),
    _get("/drafts", reviewing.list_reviews, "List drafts in review.", "Reviews", draft_models.ReviewsQuery),
    _get("/drafts/{id}", reviewing.show_review, "Show one.", "Review", draft_models.ReviewQuery),
    _get("/drafts/{id}/diff", reviewing.diff, "Compare two revisions.", "RevisionDiff", draft_models.DiffQuery),
    _get("/drafts/{id}/history", reviewing.history, "Show who changed it.", "ReviewHistory"),
    _post(
        "/drafts/{id}/edit",
        reviewing.edit,
        "Give it another text.",
        "DraftChanged",
        draft_models.EditBody,
        requests.MAX_TEXT_BODY,
    ),
    _post("/drafts/{id}/redraft", reviewing.redraft, "Make it anew.", "DraftChanged", draft_models.RedraftBody),
    _post("/drafts/{id}/submit", reviewing.submit, "Ask for its review.", "DraftChanged", draft_models.SubmitBody),
    _post("/drafts/{id}/comment", reviewing.comment, "Comment on it.", "DraftChanged", draft_models.CommentBody),
    _post("/drafts/{id}/send-back", reviewing.send_back, "Send it back.", "DraftChanged", draft_models.ReasonBody),
    _post("/drafts/{id}/withdraw", reviewing.withdraw, "Give it up.", "DraftChanged", draft_models.ReasonBody),
    _post("/drafts/{id}/approve", reviewing.approve, "Approve it.", "DraftChanged", draft_models.ApproveBody),
    _post("/drafts/{id}/publish", reviewing.publish, "Publish it.", "DraftChanged", draft_models.PublishBody),
    _get("/feedback", reading.list_feedback, "List what people said.", "FeedbackPage", models.Page),
    _post("/feedback/{id}/undo", changing.undo, "Take it back.", "Undone"),
    _get("/outbox", reading.show_outbox, "Show what is to go out.", "Outbox"),
    _get("/audit", reading.list_audit, "List who changed what.", "Audit", models.Page),
    _get("/audit/seal", reading.show_seal, "Show its newest seal.", "AuditSeal"),
    *_CODEBOOKS,
)
