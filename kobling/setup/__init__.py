"""Setting an installation up: topics, accounts, access rules, quotas, database users and indexes."""
