"""HubSpot's endpoints for campaigns and forms."""
