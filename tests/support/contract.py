"""The contract that every connector fulfils: a new CRM is a new package that passes it."""

from support.contract_provisioning import ProvisionerContract
from support.contract_reading import ReaderContract
from support.contract_writing import WriterContract


class ConnectorContract(ReaderContract, ProvisionerContract, WriterContract):
    """All of it. A test class of a CRM fills in what `ContractBase` leaves open."""
