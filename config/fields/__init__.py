"""The fields that are written: what they are, how a value is spelled, what they are called in a CRM."""
