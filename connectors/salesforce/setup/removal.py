"""What of the customer's own uses our fields, as far as Salesforce's dependency API (beta) tells."""

from collections.abc import Mapping, Sequence

from sales_consultant.config.errors import SalesConsultantError
from sales_consultant.config.fields.catalogue import Field
from sales_consultant.connectors.base import Use
from sales_consultant.connectors.salesforce.api import SalesforceApi, quoted
from sales_consultant.connectors.salesforce.reading import WRITTEN
from sales_consultant.connectors.salesforce.setup.provision import Fields

# A query of dependencies gives 2,000 rows at most and knows only =, AND and OR.
_AT_ONCE = 25
NOT_TOLD = (
    "Salesforce's dependency API is a beta and names no reports, list views or e-mail templates. Look before you remove: "
    "Setup > Object Manager > (object) > Fields & Relationships > (the field) > Where is this used?"
)
REFUSED = "This user may not ask what uses a field. " + NOT_TOLD


def uses(api: SalesforceApi, made: Fields, fields: Mapping[str, Sequence[Field]]) -> tuple[list[Use], str]:
    """Components that refer to our fields, and a sentence about what is not told."""
    named: dict[str, tuple[str, str]] = {}
    for obj, chosen in fields.items():
        held = made.held(WRITTEN[obj])
        for field in chosen:
            if made.bare(field.key) in held:
                named[held[made.bare(field.key)]] = (obj, field.key)
    components, ids = [], list(named)
    # Both forms of an id occur: 15 letters in the dependencies of older orgs.
    short = {i[:15]: i for i in ids}
    for start in range(0, len(ids), _AT_ONCE):
        any_of = " OR ".join(f"RefMetadataComponentId = {quoted(i)}" for i in ids[start : start + _AT_ONCE])
        try:
            rows = api.tooling(
                "SELECT MetadataComponentName, MetadataComponentType, RefMetadataComponentId "
                f"FROM MetadataComponentDependency WHERE {any_of}"
            )
        except SalesConsultantError:
            return [], REFUSED
        for row in rows:
            obj, key = named[short[str(row["RefMetadataComponentId"])[:15]]]
            components.append(
                Use(obj, key, str(row["MetadataComponentType"]), str(row["MetadataComponentName"]))
            )
    return sorted(set(components), key=lambda u: (u.kind, u.name, u.object, u.field)), NOT_TOLD
