"""Tables and frames in, scores and reasons out; no CRM, no HTTP, no journal."""
