"""What our fields should hold, what the CRM holds, and the plan that is the difference."""
