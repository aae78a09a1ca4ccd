"""One request to Salesforce's API."""
