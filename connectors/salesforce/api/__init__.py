"""Salesforce's API: client, errors, sign-in, several reads in one call."""
