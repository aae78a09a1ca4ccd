"""Writing a plan to the CRM, each change settled by the CRM's own answer."""
