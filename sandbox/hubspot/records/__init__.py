"""HubSpot's records: written, linked, searched and shown as JSON."""
