"""One request to HubSpot's API, and the frame of a batch's answer."""
