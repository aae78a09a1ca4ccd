"""What a field is: its type and rules, and how `describe` tells them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

Json = dict[str, Any]
NUMERIC = ("double", "currency", "percent", "int")
TEXTS = ("string", "textarea", "picklist", "multipicklist", "email", "phone", "url", "combobox", "anyType")
_SOAP = {
    "id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "double": "xsd:double", "currency": "xsd:double",
    "percent": "xsd:double", "int": "xsd:int", "date": "xsd:date", "datetime": "xsd:dateTime", "anyType": "xsd:anyType",
    "complexvalue": "tns:Metadata",
}  # fmt: skip
_LINE = re.compile(r"(?P<name>\w+) (?P<type>\w+)(?:\((?P<args>[^)]*)\))?(?P<flags>(?: \w+)*)\Z")


@dataclass(frozen=True)
class Field:
    """A field of an object. `options` are (value, label) of a picklist; `targets` the objects a reference points to."""

    name: str
    type: str
    label: str = ""
    length: int = 0
    precision: int = 0
    scale: int = 0
    required: bool = False
    createable: bool = True
    updateable: bool = True
    filterable: bool = True
    custom: bool = False
    formula: bool = False
    restricted: bool = False
    external: bool = False
    unique: bool = False
    options: tuple[tuple[str, str], ...] = ()
    targets: tuple[str, ...] = ()
    relation: str = ""
    default: Any = None
    help: str = ""
    formula_text: str | None = None

    @property
    def permissionable(self) -> bool:
        """Whether field-level security applies: not to ids, required fields and the system's own."""
        return not (self.required or self.name in SYSTEM or self.type == "id")


SYSTEM = frozenset({
    "Id", "IsDeleted", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp",
    "Name", "OwnerId", "MasterRecordId", "IsConverted",
})  # fmt: skip


def words(name: str) -> str:
    """`StageName` as `Stage Name`, for a label.

    >>> words("OwnerId"), words("SC_Score__c")
    ('Owner ID', 'SC Score')
    """
    plain = name.removesuffix("__c").replace("_", " ").strip()
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", plain)
    return re.sub(r"\bId\b", "ID", spaced[:1].upper() + spaced[1:])


def field(line: str) -> Field:
    """A field of one line: `Name type(arguments) flags`.

    Arguments: a length, `precision,scale`, the objects of a reference, or a picklist's values. Flags: `req`, `ro` (never
    written by people), `once` (only when the record is made), `nofilter`, `restricted`, `unique`.
    """
    found = _LINE.match(line.strip())
    if found is None:
        raise ValueError(f"not a field: {line}")
    name, kind, flags = found["name"], found["type"], found["flags"].split()
    args = [a.strip() for a in (found["args"] or "").split(",") if a.strip()]
    made = Field(
        name,
        kind,
        words(name),
        required="req" in flags,
        createable="ro" not in flags,
        updateable="ro" not in flags and "once" not in flags,
        filterable="nofilter" not in flags and kind not in ("complexvalue", "anyType"),
        restricted="restricted" in flags,
        unique="unique" in flags,
        default=False if kind == "boolean" else None,
    )
    if kind == "reference":
        relation = name.removesuffix("Id")
        return replace(made, targets=tuple(args), length=18, relation=relation)
    if kind in ("picklist", "multipicklist"):
        return replace(made, options=tuple((a, a) for a in args), length=255 if kind == "picklist" else 4099)
    if kind in NUMERIC:
        precision, scale = (int(a) for a in args) if args else (18, 0 if kind == "int" else 2)
        return replace(made, precision=precision, scale=scale)
    # Object Reference, Field Types: lengths where the table names none.
    default = {"string": 255, "textarea": 32000, "email": 80, "phone": 40, "url": 255, "id": 18}.get(kind, 0)
    return replace(made, length=int(args[0]) if args else default)


# What a describe tells of every field alike: kinds of field that the sandbox does not have.
_FIXED: Json = {
    "aiPredictionField": False,
    "autoNumber": False,
    "cascadeDelete": False,
    "caseSensitive": False,
    "compoundFieldName": None,
    "controllerName": None,
    "defaultValueFormula": None,
    "dependentPicklist": False,
    "deprecatedAndHidden": False,
    "displayLocationInDecimal": False,
    "encrypted": False,
    "filteredLookupInfo": None,
    "formulaTreatNullNumberAsZero": False,
    "highScaleNumber": False,
    "htmlFormatted": False,
    "mask": None,
    "maskType": None,
    "queryByDistance": False,
    "referenceTargetField": None,
    "relationshipOrder": None,
    "restrictedDelete": False,
    "searchPrefilterable": False,
    "writeRequiresMasterRead": False,
}


def describe(
    f: Field, *, createable: bool, updateable: bool, options: Sequence[tuple[str, str]] = ()
) -> Json:
    """The field as the describe call tells it to a user who may see it."""
    listed = options or f.options
    return _FIXED | {
        "aggregatable": f.filterable,
        "byteLength": f.length * 3,
        "calculated": f.formula,
        "calculatedFormula": f.formula_text,
        "createable": createable and f.createable and not f.formula,
        "custom": f.custom,
        "defaultValue": f.default,
        "defaultedOnCreate": f.type == "boolean" or f.name == "OwnerId",
        "digits": f.precision if f.type == "int" else 0,
        "externalId": f.external,
        "extraTypeInfo": "plaintextarea" if f.type == "textarea" else None,
        "filterable": f.filterable,
        "groupable": f.filterable and f.type not in NUMERIC and f.type != "datetime",
        "idLookup": f.type == "id" or f.external,
        "inlineHelpText": f.help or None,
        "label": f.label,
        "length": f.length,
        "name": f.name,
        "nameField": f.name == "Name",
        "namePointing": len(f.targets) > 1,
        "nillable": not (
            f.required or f.type in ("boolean", "id") or f.name in ("CreatedDate", "SystemModstamp")
        ),
        "permissionable": f.permissionable,
        "picklistValues": [
            {"active": True, "defaultValue": False, "label": label, "validFor": None, "value": value}
            for value, label in listed
        ],
        "polymorphicForeignKey": len(f.targets) > 1,
        "precision": f.precision if f.type != "int" else 0,
        "referenceTo": list(f.targets),
        "relationshipName": f.relation or None,
        "restrictedPicklist": f.restricted,
        "scale": f.scale,
        "soapType": _SOAP.get(f.type, "xsd:string"),
        "sortable": f.filterable,
        "type": f.type,
        "unique": f.unique,
        "updateable": updateable and f.updateable and not f.formula,
    }
