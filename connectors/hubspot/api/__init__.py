"""HubSpot's API: client, paths, errors, sign-in, batch reads."""
