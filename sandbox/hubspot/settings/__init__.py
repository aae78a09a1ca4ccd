"""HubSpot's endpoints for account, tokens, currencies, properties and pipelines."""
