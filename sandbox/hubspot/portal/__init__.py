"""The state of a HubSpot portal, its object types, properties, values, errors and limits."""
