"""HubSpot's pipelines and stages; what is true or a number in their metadata is text."""

from typing import Any

from sales_consultant.sandbox.clock import iso
from sales_consultant.sandbox.hubspot.call import Call, Result
from sales_consultant.sandbox.hubspot.errors import ApiError, bad, missing
from sales_consultant.sandbox.hubspot.kinds import KINDS, Kind
from sales_consultant.sandbox.hubspot.portal import Portal

Json = dict[str, Any]
# The stages that a new portal's deals have: id, label, probability.
DEFAULT_STAGES = (
    ("appointmentscheduled", "Appointment Scheduled", 0.2),
    ("qualifiedtobuy", "Qualified To Buy", 0.4),
    ("presentationscheduled", "Presentation Scheduled", 0.6),
    ("decisionmakerboughtin", "Decision Maker Bought-In", 0.8),
    ("contractsent", "Contract Sent", 0.9),
    ("closedwon", "Closed Won", 1.0),
    ("closedlost", "Closed Lost", 0.0),
)


def stage(id: str, label: str, order: int, probability: float, closed: bool, at: str) -> Json:
    """A stage as the API shows it."""
    return {
        "id": id,
        "label": label,
        "displayOrder": order,
        "metadata": {"isClosed": "true" if closed else "false", "probability": str(float(probability))},
        "createdAt": at,
        "updatedAt": at,
        "archived": False,
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
    }


def pipeline(id: str, label: str, order: int, stages: list[Json], at: str) -> Json:
    """A pipeline as the API shows it."""
    return {
        "id": id,
        "label": label,
        "displayOrder": order,
        "stages": stages,
        "createdAt": at,
        "updatedAt": at,
        "archived": False,
    }


def default(at: str) -> Json:
    """The pipeline of a new portal."""
    stages = [
        stage(id, label, n, p, id.startswith("closed"), at) for n, (id, label, p) in enumerate(DEFAULT_STAGES)
    ]
    return pipeline("default", "Sales Pipeline", 0, stages, at)


def list_all(call: Call) -> Result:
    """GET the pipelines of an object type."""
    return 200, {"results": call.portal.pipelines(call.kind())}


def _held(portal: Portal, kind: Kind, id: str) -> Json:
    found = next((p for p in portal.pipelines(kind) if p["id"] == id), None)
    if found is None:
        raise missing(f"pipeline {id} does not exist on {kind.name}")
    return found


def get(call: Call) -> Result:
    """GET one pipeline."""
    return 200, _held(call.portal, call.kind(), call.param("pipeline"))


def stages(call: Call) -> Result:
    """GET the stages of a pipeline."""
    return 200, {"results": _held(call.portal, call.kind(), call.param("pipeline"))["stages"]}


def get_stage(call: Call) -> Result:
    """GET one stage."""
    whole = _held(call.portal, call.kind(), call.param("pipeline"))
    for one in whole["stages"]:
        if one["id"] == call.param("stage"):
            return 200, one
    raise missing(f"stage {call.param('stage')} does not exist in pipeline {whole['id']}")


def audit(call: Call) -> Result:
    """GET the changes of a pipeline: that it was made, and when it was last changed."""
    whole = _held(call.portal, call.kind(), call.param("pipeline"))
    shared = {
        "portalId": call.portal.account["portalId"],
        "identifier": whole["id"],
        "rawObject": whole,
        "fromUserId": 1,
    }
    found = [{**shared, "action": "CREATE", "timestamp": whole["createdAt"]}]
    if whole["updatedAt"] != whole["createdAt"]:
        found.insert(0, {**shared, "action": "UPDATE", "timestamp": whole["updatedAt"]})
    return 200, {"results": found}


def create(call: Call) -> Result:
    """POST a pipeline with its stages."""
    kind, body = call.kind(), call.dict()
    if not body.get("label") or not isinstance(body.get("stages"), list):
        raise bad("Some required fields were not set: [label, stages]")
    if any(p["label"] == body["label"] for p in call.portal.pipelines(kind)):
        raise ApiError(409, "OBJECT_ALREADY_EXISTS", f"A pipeline named '{body['label']}' already exists.")
    at = iso(call.portal.clock.now_ms())
    made = [_new_stage(call, one, n, at) for n, one in enumerate(body["stages"])]
    number = call.portal.store.next_seq("hubspot", "pipelines", start=800_000_001)
    whole = pipeline(str(number), str(body["label"]), int(body.get("displayOrder", 0)), made, at)
    call.portal.put_pipeline(kind, whole)
    return 201, whole


def _new_stage(call: Call, body: Json, order: int, at: str) -> Json:
    metadata = body.get("metadata") or {}
    try:
        probability = float(metadata["probability"])
    except (KeyError, TypeError, ValueError):
        raise bad("A deal stage needs metadata.probability between 0 and 1") from None
    number = call.portal.store.next_seq("hubspot", "stages", start=900_000_001)
    closed = str(metadata.get("isClosed", probability in (0.0, 1.0))).lower() == "true"
    return stage(
        str(number), str(body.get("label")), int(body.get("displayOrder", order)), probability, closed, at
    )


def create_stage(call: Call) -> Result:
    """POST a stage to a pipeline."""
    kind = call.kind()
    whole = _held(call.portal, kind, call.param("pipeline"))
    at = iso(call.portal.clock.now_ms())
    made = _new_stage(call, call.dict(), len(whole["stages"]), at)
    call.portal.put_pipeline(kind, {**whole, "stages": [*whole["stages"], made], "updatedAt": at})
    return 201, made


def ensure_default(portal: Portal) -> None:
    """A portal without deal pipelines gets the one that every new portal has."""
    if not portal.pipelines(KINDS["deals"]):
        portal.put_pipeline(KINDS["deals"], default(iso(portal.clock.now_ms())))
