"""FieldDefinition: what an object's fields are, asked by a query that must name the object."""

from collections.abc import Callable
from typing import Any

from sales_consultant.sandbox.salesforce.api import Call, Result
from sales_consultant.sandbox.salesforce.org import ApiError, Field, Sobject
from sales_consultant.sandbox.salesforce.soql import Compare, Condition, Query, Within, terms, unquote

Json = dict[str, Any]
NAME = "FieldDefinition"
_ENTITY = ("entitydefinition.qualifiedapiname", "entitydefinitionid", "entitydefinition.developername")
_TYPES = {
    "string": "Text({0.length})", "textarea": "Long Text Area({0.length})", "boolean": "Checkbox", "double": "Number({0.precision}, {0.scale})",
    "int": "Number({0.precision}, 0)", "currency": "Currency({0.precision}, {0.scale})", "percent": "Percent({0.precision}, {0.scale})",
    "date": "Date", "datetime": "Date/Time", "picklist": "Picklist", "multipicklist": "Picklist (Multi-Select)", "email": "Email",
    "phone": "Phone", "url": "URL({0.length})", "reference": "Lookup", "id": "Lookup",
}  # fmt: skip


def _row(sobject: str, f: Field) -> Json:
    kind = _TYPES.get(f.type, f.type).format(f)
    return {
        "DurableId": f"{sobject}.{f.name}",
        "QualifiedApiName": f.name,
        "DeveloperName": f.name.removesuffix("__c"),
        "EntityDefinitionId": sobject,
        "NamespacePrefix": None,
        "Label": f.label,
        "MasterLabel": f.label,
        "DataType": f"Formula ({kind})" if f.formula else kind,
        "Length": f.length,
        "Precision": f.precision,
        "Scale": f.scale,
        "Description": f.help or None,
        "RelationshipName": f.relation or None,
        "IsNillable": not f.required,
        "IsCalculated": f.formula,
        "IsIndexed": f.external or f.type in ("id", "reference"),
        "IsNameField": f.name == "Name",
        "IsFieldHistoryTracked": False,
        "IsApiFilterable": f.filterable,
        "IsApiSortable": f.filterable,
    }


def _values(term: Condition) -> list[str]:
    if isinstance(term, Compare) and term.operator == "=":
        literals = [term.value]
    elif isinstance(term, Within) and not (term.negated or term.nested):
        literals = list(term.values)
    else:
        raise ApiError("MALFORMED_QUERY", "Such an object is filtered by = and IN only, joined by AND")
    return [unquote(v.text) if v.kind == "string" else v.kind for v in literals]


def run(call: Call, query: Query) -> Result:
    """The answer of a query on FieldDefinition. Raises ApiError."""

    def rows(sobject: Sobject) -> list[Json]:
        return [_row(sobject.name, f) for f in call.access.visible(sobject.name).values()]

    return of_objects(call, query, NAME, list(_row("", Field("Name", "string"))), rows)


def of_objects(
    call: Call, query: Query, entity: str, columns: list[str], rows: Callable[[Sobject], list[Json]]
) -> Result:
    """The answer of a query on something that is told by object: the query must name the objects. Raises ApiError."""
    known = {n.lower(): n for n in columns}
    names = []
    for item in query.items:
        if item.path.lower() not in known or item.function:
            raise ApiError("INVALID_FIELD", f"No such column '{item.path}' on entity '{entity}'.")
        names.append(known[item.path.lower()])
    objects: list[str] = []
    wanted: dict[str, set[str]] = {}
    for term in terms(query.where):
        path = getattr(term, "path", "").lower()
        if path in _ENTITY:
            objects += _values(term)
        elif path in known:
            wanted[known[path]] = {v.lower() for v in _values(term)}
        else:
            raise ApiError("INVALID_FIELD", f"No such column '{path}' on entity '{entity}'.")
    if not objects:
        raise ApiError(
            "MALFORMED_QUERY",
            f"Where clauses on {entity} must name an object: EntityDefinition.QualifiedApiName",
        )
    definitions: list[Json] = []
    for name in objects:
        sobject = call.org.sobject(name)
        if sobject is None or not call.access.may(sobject, "Read"):
            continue
        definitions += [
            r for r in rows(sobject) if all(str(r[n]).lower() in values for n, values in wanted.items())
        ]
    definitions = definitions[query.offset :][: query.limit if query.limit is not None else None]
    base = call.path(f"tooling/sobjects/{entity}/")
    shown = [
        {"attributes": {"type": entity, "url": base + r["DurableId"]}, **{n: r[n] for n in names}}
        for r in definitions
    ]
    return 200, {"totalSize": len(shown), "done": True, "records": shown}
