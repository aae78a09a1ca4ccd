"""The neutral tables, and how a CRM's raw rows become columns and views."""
