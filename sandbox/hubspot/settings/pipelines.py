"""HubSpot's pipelines and stages; what is true or a number in their metadata is text."""

from collections.abc import Callable
from typing import Any

from sales_consultant.sandbox.clock import iso
from sales_consultant.sandbox.hubspot.api import Call, Result
from sales_consultant.sandbox.hubspot.portal import KINDS, ApiError, Kind, Portal, bad, missing

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


def _pipeline_of(portal: Portal, kind: Kind, id: str) -> Json:
    found = next((p for p in portal.pipelines(kind) if p["id"] == id), None)
    if found is None:
        raise missing(f"pipeline {id} does not exist on {kind.name}")
    return found


def get(call: Call) -> Result:
    """GET one pipeline."""
    return 200, _pipeline_of(call.portal, call.kind(), call.param("pipeline"))


def stages(call: Call) -> Result:
    """GET the stages of a pipeline."""
    return 200, {"results": _pipeline_of(call.portal, call.kind(), call.param("pipeline"))["stages"]}


def get_stage(call: Call) -> Result:
    """GET one stage."""
    whole = _pipeline_of(call.portal, call.kind(), call.param("pipeline"))
    for one in whole["stages"]:
        if one["id"] == call.param("stage"):
            return 200, one
    raise missing(f"stage {call.param('stage')} does not exist in pipeline {whole['id']}")


def audit(call: Call) -> Result:
    """GET the changes of a pipeline: that it was made, and when it was last changed."""
    whole = _pipeline_of(call.portal, call.kind(), call.param("pipeline"))
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
    whole = _pipeline_of(call.portal, kind, call.param("pipeline"))
    at = iso(call.portal.clock.now_ms())
    made = _new_stage(call, call.dict(), len(whole["stages"]), at)
    call.portal.put_pipeline(kind, {**whole, "stages": [*whole["stages"], made], "updatedAt": at})
    return 201, made


def _in_use(call: Call, kind: Kind, property: str, values: set[str]) -> bool:
    sql = (
        "SELECT 1 FROM records WHERE vendor = 'hubspot' AND object = ? AND archived = 0 AND "
        f"json_extract(properties, '$.{property}') IN ({', '.join('?' * len(values))}) LIMIT 1"
    )
    return bool(call.portal.store.rows(sql, (kind.name, *sorted(values))))


def _validates(call: Call, kind: Kind) -> bool:
    """Whether a pipeline or stage in use is kept: asked for until 2026-03, by default from 2026-09 on."""
    name = "validateDealStageUsagesBeforeDelete" if kind.name == "deals" else "validateReferencesBeforeDelete"
    dated = call.version[:1].isdigit()
    return call.flag(name) if call.text(name) else dated and call.version >= "2026-09"


def _names(kind: Kind) -> tuple[str, str]:
    """The properties that hold a record's pipeline and stage."""
    return ("pipeline", "dealstage") if kind.name == "deals" else ("hs_pipeline", "hs_pipeline_stage")


def patch(call: Call) -> Result:
    """PATCH a pipeline's label or place."""
    kind, body = call.kind(), call.dict()
    whole = _pipeline_of(call.portal, kind, call.param("pipeline"))
    changed: Json = {**whole, "updatedAt": iso(call.portal.clock.now_ms())}
    changed |= {k: body[k] for k in ("label", "displayOrder") if k in body}
    call.portal.put_pipeline(kind, changed)
    return 200, changed


def replace(call: Call) -> Result:
    """PUT a pipeline anew: its stages are those that are given, known by their ids."""
    kind, body = call.kind(), call.dict()
    whole = _pipeline_of(call.portal, kind, call.param("pipeline"))
    if not body.get("label") or not isinstance(body.get("stages"), list):
        raise bad("Some required fields were not set: [label, stages]")
    at = iso(call.portal.clock.now_ms())
    held: dict[str, Json] = {s["id"]: s for s in whole["stages"]}
    made = []
    for n, one in enumerate(body["stages"]):
        new = _new_stage(call, one, n, at)
        old = held.get(str(one.get("stageId") or one.get("id") or ""))
        made.append({**new, "id": old["id"], "createdAt": old["createdAt"]} if old else new)
    dropped = set(held) - {s["id"] for s in made}
    if dropped and _validates(call, kind) and _in_use(call, kind, _names(kind)[1], dropped):
        raise bad(f"Stages {sorted(dropped)} are in use and cannot be deleted")
    order = int(body.get("displayOrder") or whole["displayOrder"])
    changed = {**whole, "label": str(body["label"]), "displayOrder": order, "stages": made, "updatedAt": at}
    call.portal.put_pipeline(kind, changed)
    return 200, changed


def remove(call: Call) -> Result:
    """DELETE a pipeline; its records keep the ids of what is no more, unless that is validated."""
    kind = call.kind()
    whole = _pipeline_of(call.portal, kind, call.param("pipeline"))
    if _validates(call, kind) and _in_use(call, kind, _names(kind)[0], {whole["id"]}):
        raise bad(f"Pipeline {whole['id']} is in use and cannot be deleted")
    call.portal.drop_pipeline(kind, whole["id"])
    return 204, None


def _with_stage(call: Call, change: Callable[[Json], list[Json]]) -> Json:
    """The pipeline with one of its stages changed or gone. Raises ApiError 404."""
    kind = call.kind()
    whole = _pipeline_of(call.portal, kind, call.param("pipeline"))
    if all(s["id"] != call.param("stage") for s in whole["stages"]):
        raise missing(f"stage {call.param('stage')} does not exist in pipeline {whole['id']}")
    stages = [t for s in whole["stages"] for t in (change(s) if s["id"] == call.param("stage") else [s])]
    changed: Json = {**whole, "stages": stages, "updatedAt": iso(call.portal.clock.now_ms())}
    call.portal.put_pipeline(kind, changed)
    return changed


def change_stage(call: Call) -> Result:
    """PATCH or PUT a stage."""
    body, at = call.dict(), iso(call.portal.clock.now_ms())

    def changed(held: Json) -> list[Json]:
        wanted = {**held, **body, "metadata": {**held["metadata"], **(body.get("metadata") or {})}}
        new = _new_stage(call, wanted, int(held["displayOrder"]), at)
        return [{**new, "id": held["id"], "createdAt": held["createdAt"]}]

    whole = _with_stage(call, changed)
    return 200, next(s for s in whole["stages"] if s["id"] == call.param("stage"))


def remove_stage(call: Call) -> Result:
    """DELETE a stage; its records keep its id, unless that is validated."""
    kind = call.kind()
    if _validates(call, kind) and _in_use(call, kind, _names(kind)[1], {call.param("stage")}):
        raise bad(f"Stage {call.param('stage')} is in use and cannot be deleted")
    _with_stage(call, lambda held: [])
    return 204, None


def ensure_default(portal: Portal) -> None:
    """A portal without deal pipelines gets the one that every new portal has."""
    if not portal.pipelines(KINDS["deals"]):
        portal.put_pipeline(KINDS["deals"], default(iso(portal.clock.now_ms())))
