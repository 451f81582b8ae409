"""AWS: accounts and clients, facts, plans, key policies, permissions, copies.

Knows nothing of Slack or of the database, and can be used as a library.
"""
