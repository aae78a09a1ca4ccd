"""What a connector is: a reader, a writer, a provisioner and diagnostics of one CRM, and what crosses between it and us."""

from sales_consultant.connectors.base.connector import Connector
from sales_consultant.connectors.base.diagnostics import Diagnostics, field_findings
from sales_consultant.connectors.base.provisioner import Provisioner
from sales_consultant.connectors.base.reader import Known, Reader
from sales_consultant.connectors.base.records import (
    Assumption,
    Budget,
    Calls,
    Change,
    Estimate,
    FieldInfo,
    Finding,
    FindingState,
    Identity,
    Outcome,
    OutcomeState,
    Page,
    ProvisionStep,
    ReadBack,
    StepState,
    Stream,
    Use,
    distinct,
)
from sales_consultant.connectors.base.writer import Writer, unique

__all__ = [
    "Assumption",
    "Budget",
    "Calls",
    "Change",
    "Connector",
    "Diagnostics",
    "Estimate",
    "FieldInfo",
    "Finding",
    "FindingState",
    "Identity",
    "Known",
    "Outcome",
    "OutcomeState",
    "Page",
    "ProvisionStep",
    "Provisioner",
    "ReadBack",
    "Reader",
    "StepState",
    "Stream",
    "Use",
    "Writer",
    "distinct",
    "field_findings",
    "unique",
]
