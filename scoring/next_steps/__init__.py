"""The next step of a record, by the rules of the playbook."""
