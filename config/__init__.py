"""What an admin decides: settings, secrets, the fields that are written, the playbook."""
