"""What is shown of next steps: the playbook and its rules, and a rep's list of the day."""
