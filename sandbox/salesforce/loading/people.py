"""Accounts, contacts and leads of a data folder."""

from typing import Any

from sales_consultant.sandbox.data_folder import Table
from sales_consultant.sandbox.data_folder.tables import CustomField
from sales_consultant.sandbox.salesforce.loading.loading import Draft, Loader, Row, day
from sales_consultant.sandbox.salesforce.org import stamp

Json = dict[str, Any]
PERSON_COLUMNS = {
    "email": "Email", "first_name": "FirstName", "last_name": "LastName", "title": "Title", "company_id": "AccountId",
    "owner_id": "OwnerId", "lead_source": "LeadSource", "email_opt_out": "HasOptedOutOfEmail",
    "do_not_call": "DoNotCall", "bounced": "EmailBouncedDate",
}  # fmt: skip
COMPANY_COLUMNS = {"name": "Name", "domain": "Website", "industry": "Industry", "owner_id": "OwnerId"}
LEAD_STATUS = ("Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted")


def load_companies(loader: Loader) -> None:
    """Companies as accounts."""
    table = loader.folder["companies"]
    named = loader.define(table, "Account")
    loader.columns["companies"] = {**COMPANY_COLUMNS, **loader.columns.get("companies", {})}
    drafts = {}
    for row in table:
        domain = row.get("domain")
        values = {
            "Name": row.get("name") or domain or row["id"],
            "Website": f"https://{domain}" if domain and "://" not in domain else domain,
            "Industry": row.get("industry"),
            "OwnerId": loader.owner(row),
            "external_id__c": row["id"],
            **loader.custom(row, named),
        }
        drafts[row["id"]] = Draft(row["id"], loader.time(row.get("created_at")), values)
    loader.drafts["companies"] = drafts
    loader.number("Account", list(drafts.values()))
    loader.org.add_options("Account", "Industry", sorted({r["industry"] for r in table if r.get("industry")}))


def load_people(loader: Loader) -> None:
    """Contacts and leads. Salesforce has no lifecycle stage: where the data has one, it is a custom field."""
    contacts, leads = loader.folder["contacts"], loader.folder["leads"]
    loader.drafts["contacts"] = _people(loader, contacts, "Contact")
    loader.number("Contact", list(loader.drafts["contacts"].values()))
    loader.drafts["leads"] = _people(loader, leads, "Lead")
    loader.number("Lead", list(loader.drafts["leads"].values()))
    statuses = {r["status"] for r in leads if r.get("status")}
    loader.org.add_options("Lead", "Status", [*LEAD_STATUS, *sorted(statuses - set(LEAD_STATUS))])
    for sobject, table in (("Contact", contacts), ("Lead", leads)):
        loader.org.add_options(
            sobject, "LeadSource", sorted({r["lead_source"] for r in table if r.get("lead_source")})
        )


def _people(loader: Loader, table: Table, sobject: str) -> dict[str, Draft]:
    named = loader.define(table, sobject)
    loader.columns[table.name] = {**PERSON_COLUMNS, **loader.columns.get(table.name, {})}
    stages = sorted({r["lifecycle_stage"] for r in table if r.get("lifecycle_stage")})
    if stages:
        column = CustomField("lifecycle_stage", "lifecycle_stage", "enumeration", tuple(stages))
        loader.columns[table.name]["lifecycle_stage"] = loader.make_field(sobject, column)
    if sobject == "Lead":
        loader.columns["leads"] |= {"company_name": "Company", "status": "Status"}
        loader.columns["leads"].pop("company_id")
    drafts = {}
    for row in table:
        created = loader.time(row.get("created_at"))
        values = {**_person(loader, row, created), **loader.custom(row, named)}
        if stages:
            values["lifecycle_stage__c"] = row.get("lifecycle_stage")
        if sobject == "Contact":
            values["AccountId"] = loader.id("companies", row.get("company_id"))
        else:
            values |= _lead(loader, row)
        drafts[row["id"]] = Draft(row["id"], created, values)
        if row.get("converted_at") is not None:
            drafts[row["id"]].modified = int(row["converted_at"])
    return drafts


def _person(loader: Loader, row: Row, created: int) -> Json:
    first, last = row.get("first_name"), row.get("last_name")
    last = last or (row.get("email") or "").partition("@")[0] or row["id"]
    return {
        "FirstName": first,
        "LastName": last,
        "Name": " ".join(n for n in (first, last) if n),
        "Title": row.get("title"),
        "Email": row.get("email"),
        "LeadSource": row.get("lead_source"),
        "OwnerId": loader.owner(row),
        "HasOptedOutOfEmail": bool(row.get("email_opt_out")),
        "DoNotCall": bool(row.get("do_not_call")),
        # The file knows that mail came back, not when: so it is as old as the record.
        "EmailBouncedDate": stamp(created) if row.get("bounced") else None,
        "IsEmailBounced": bool(row.get("bounced")),
        "external_id__c": row["id"],
    }


def _lead(loader: Loader, row: Row) -> Json:
    company = loader.drafts["companies"].get(row.get("company_id") or "")
    values: Json = {
        "Company": row.get("company_name") or (company.values["Name"] if company else "[not provided]"),
        "Status": row.get("status") or LEAD_STATUS[0],
        "IsUnreadByOwner": False,
        "IsConverted": row.get("converted_at") is not None,
    }
    return values


def link_conversions(loader: Loader) -> None:
    """What a converted lead became; the deals must be there."""
    for row in loader.folder["leads"]:
        if row.get("converted_at") is None:
            continue
        values = loader.drafts["leads"][row["id"]].values
        contact = loader.drafts["contacts"].get(row.get("converted_contact_id") or "")
        values["ConvertedDate"] = day(int(row["converted_at"]))
        values["ConvertedContactId"] = contact.id if contact else None
        account = contact.values.get("AccountId") if contact else None
        values["ConvertedAccountId"] = account or loader.id("companies", row.get("company_id"))
        values["ConvertedOpportunityId"] = loader.id("deals", row.get("converted_deal_id"))
