"""HTTP to a CRM: limits, patience, sign-in, and answers that are not the CRM's."""
