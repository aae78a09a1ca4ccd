"""What commands call: sync, backfill, rollback, provisioning, reports and the rest."""
