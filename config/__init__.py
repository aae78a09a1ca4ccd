"""What an admin decides: settings, secrets, the fields that are written, the playbook.

This room imports no other. Errors live here because every room raises them.
"""
