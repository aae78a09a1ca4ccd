"""What is shown of next steps: the playbook and its rules, a rep's list of the day, and account proposals."""
