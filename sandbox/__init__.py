"""A local CRM that speaks the HTTP APIs of HubSpot and Salesforce."""
