"""The state of a Salesforce org: its objects, fields, ids, errors and limits."""
