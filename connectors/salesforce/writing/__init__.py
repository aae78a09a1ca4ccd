"""Writing to Salesforce by collections or Bulk, an outcome for each record."""
