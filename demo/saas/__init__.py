"""The demo company that sells software: a simulated world, staged as a year in a CRM."""
