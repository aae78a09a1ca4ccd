"""Mappings of small tables that the connectors fill under the neutral tables' own column names."""

from sales_consultant.config.neutral import Account, Source, literal
from sales_consultant.connectors.tables.raw import Raw


def org(account: Account) -> dict[str, str]:
    """The columns of the account itself; a currency that the CRM does not tell is XXX, which is ISO 4217 for none."""
    return {"currency": literal(account.currency or "XXX"), "time_zone": literal(account.time_zone)}


def stages(raw: Raw) -> list[Source]:
    """Stages of a raw table that has the same columns as text, and perhaps whether a stage is in use."""
    active = "r.active" if "active" in raw.columns.get("raw_stages", ()) else "NULL"
    columns = {
        "object": "r.object",
        "pipeline": "r.pipeline",
        "pipeline_label": "r.pipeline_label",
        "stage": "r.stage",
        "label": "r.label",
        "display_order": "to_number(r.display_order)",
        "probability": "to_number(r.probability)",
        "closed": "to_flag(r.closed)",
        "won": "to_flag(r.won)",
        "gone": f"{raw.gone('stages')} OR NOT coalesce(to_flag({active}), true)",
    }
    return raw.simple("stages", columns)


def fields(raw: Raw, known: str = "r.known") -> list[Source]:
    """Field descriptions; `known` says by SQL whether past values of a field are known."""
    columns = {
        "object": "r.object",
        "column_name": "r.column_name",
        "name": "r.name",
        "label": "r.label",
        "type": "r.type",
        "custom": "to_flag(r.custom)",
        "calculated": "to_flag(r.calculated)",
        "known": known,
        "ours": "to_flag(r.ours)",
    }
    return raw.simple("fields", columns)


def currencies(raw: Raw) -> list[Source]:
    """Currencies and their rates."""
    columns = {
        "code": "r.code",
        "rate": "to_number(r.rate)",
        "start_at": "to_ms(r.start_at)",
        "end_at": "to_ms(r.end_at)",
    }
    return raw.simple("currencies", columns)
