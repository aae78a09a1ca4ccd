"""Custom fields: from the metadata that the Tooling API takes to a field, and the checks on the way in."""

import re
from typing import Any

from sales_consultant.sandbox.lengths import length
from sales_consultant.sandbox.salesforce.org.errors import ApiError
from sales_consultant.sandbox.salesforce.org.fields import Field

Json = dict[str, Any]
_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*\Z")
_TYPES = {
    "Number": "double", "Percent": "percent", "Currency": "currency", "Text": "string", "TextArea": "textarea",
    "LongTextArea": "textarea", "DateTime": "datetime", "Date": "date", "Checkbox": "boolean", "Picklist": "picklist",
    "MultiselectPicklist": "multipicklist", "Email": "email", "Phone": "phone", "Url": "url",
}  # fmt: skip


def from_metadata(body: Json) -> Field:
    """The field of a CustomField record's values."""
    meta: Json = body["Metadata"]
    kind = meta["type"]
    values = ((meta.get("valueSet") or {}).get("valueSetDefinition") or {}).get("value") or []
    formula = bool(meta.get("formula"))
    # Object Reference, Field Types, and Metadata API Developer Guide, CustomField: lengths by type.
    sizes = {"Text": meta.get("length") or 255, "TextArea": 255, "LongTextArea": meta.get("length") or 32768}
    default = {"Picklist": 255, "MultiselectPicklist": 4099, "Email": 80, "Phone": 40, "Url": 255}
    return Field(
        name=body["DeveloperName"] + "__c",
        type=_TYPES[kind],
        label=meta["label"],
        length=int(sizes.get(kind) or default.get(kind) or 0),
        precision=int(meta.get("precision") or 0),
        scale=int(meta.get("scale") or 0),
        required=bool(meta.get("required")),
        createable=not formula,
        updateable=not formula,
        filterable=kind != "LongTextArea",
        custom=True,
        formula=formula,
        formula_text=meta.get("formula"),
        restricted=bool((meta.get("valueSet") or {}).get("restricted")),
        external=bool(meta.get("externalId")),
        unique=bool(meta.get("unique")),
        options=tuple(
            (str(v["fullName"]), str(v.get("label") or v["fullName"]))
            for v in values
            if v.get("isActive", True)
        ),
        default=(str(meta.get("defaultValue")).lower() == "true") if kind == "Checkbox" else None,
        help=str(meta.get("inlineHelpText") or ""),
    )


def _refuse(message: str, name: str) -> ApiError:
    return ApiError("FIELD_INTEGRITY_EXCEPTION", message, fields=[name])


def split(full_name: Any) -> tuple[str, str]:
    """Object and developer name of `Contact.SC_Score__c`. Raises ApiError."""
    table, _, name = str(full_name or "").partition(".")
    if not name.endswith("__c") or not table:
        raise ApiError(
            "INVALID_FULL_NAME", f"Invalid fullName: {full_name}; write Object.Field__c", fields=["FullName"]
        )
    developer = name.removesuffix("__c")
    if not _NAME.match(developer) or len(developer) > 40:
        raise ApiError(
            "INVALID_FULL_NAME",
            "The Field Name can only contain underscores and alphanumeric characters. It must begin with a letter, not "
            "include spaces, not end with an underscore, not contain two consecutive underscores, and have 40 characters "
            "at most.",
            fields=["FullName"],
        )
    return table, developer


def check(meta: Any) -> Json:
    """Metadata that makes a field. Raises ApiError with the reason."""
    if not isinstance(meta, dict):
        raise ApiError(
            "REQUIRED_FIELD_MISSING", "Required fields are missing: [Metadata]", fields=["Metadata"]
        )
    kind = meta.get("type")
    if kind not in _TYPES:
        raise _refuse(f"Custom Field Type: bad value for restricted picklist field: {kind}", "type")
    label = meta.get("label")
    if not label:
        raise ApiError("REQUIRED_FIELD_MISSING", "Required fields are missing: [label]", fields=["label"])
    # What a field's label, help text and description hold (Metadata API Developer Guide, CustomField).
    if length(str(label)) > 40:
        raise ApiError(
            "STRING_TOO_LONG", f"Label: data value too large: {label} (max length=40)", fields=["label"]
        )
    if length(str(meta.get("inlineHelpText") or "")) > 510:
        raise ApiError(
            "STRING_TOO_LONG", "Help Text: data value too large (max length=510)", fields=["inlineHelpText"]
        )
    if length(str(meta.get("description") or "")) > 1000:
        raise ApiError(
            "STRING_TOO_LONG", "Description: data value too large (max length=1000)", fields=["description"]
        )
    _check_numbers(meta, kind)
    _check_size(meta, kind)
    _check_values(meta, kind)
    return dict(meta)


def _check_numbers(meta: Json, kind: str) -> None:
    if kind in ("Number", "Percent", "Currency"):
        precision, scale = meta.get("precision"), meta.get("scale")
        if not isinstance(precision, int) or not isinstance(scale, int):
            raise _refuse(
                f"Must specify 'precision' and 'scale' for a CustomField of type {kind}", "precision"
            )
        # A number of Salesforce has 18 digits at most, those after the point counted.
        if not 1 <= precision <= 18 or not 0 <= scale <= precision:
            raise _refuse(
                f"Precision must be from 1 to 18, scale not above it; they are {precision} and {scale}",
                "precision",
            )


def _check_size(meta: Json, kind: str) -> None:
    if kind in ("Text", "LongTextArea"):
        size, least, most = meta.get("length"), *((1, 255) if kind == "Text" else (256, 131072))
        if not isinstance(size, int) or not least <= size <= most:
            raise _refuse(
                f"Length must be from {least} to {most} for a CustomField of type {kind}; it is {size}",
                "length",
            )
    if kind == "LongTextArea" and not meta.get("visibleLines"):
        raise _refuse("Must specify 'visibleLines' for a CustomField of type LongTextArea", "visibleLines")
    if kind == "Checkbox" and str(meta.get("defaultValue")).lower() not in ("true", "false"):
        raise _refuse("Must specify 'defaultValue' for a CustomField of type Checkbox", "defaultValue")


def _check_values(meta: Json, kind: str) -> None:
    if kind in ("Picklist", "MultiselectPicklist"):
        values = ((meta.get("valueSet") or {}).get("valueSetDefinition") or {}).get("value")
        names = [v.get("fullName") for v in values] if isinstance(values, list) else []
        if not names or not all(names):
            raise _refuse(
                f"Must specify either valueSetName or valueSetDefinition for a CustomField of type {kind}",
                "valueSet",
            )
        if len({str(n).lower() for n in names}) < len(names):
            raise ApiError("DUPLICATE_VALUE", "A picklist value is there twice", fields=["valueSet"])


def summary(table: str, developer: str, meta: Json) -> Json:
    """The values of a CustomField record."""
    return {
        "DeveloperName": developer,
        "FullName": f"{table}.{developer}__c",
        "NamespacePrefix": None,
        "TableEnumOrId": table,
        "EntityDefinitionId": table,
        "Metadata": meta,
        "Description": meta.get("description"),
        "InlineHelpText": meta.get("inlineHelpText"),
        "ManageableState": "unmanaged",
        "Length": meta.get("length"),
        "Precision": meta.get("precision"),
        "Scale": meta.get("scale"),
    }
