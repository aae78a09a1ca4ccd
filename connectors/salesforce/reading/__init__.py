"""Reading from Salesforce so that no row is missed, and its mapping onto the neutral tables."""
