"""The life of a request: its states, approval rules, store, and the worker that advances it.

Knows nothing of Slack: it speaks of requests, decisions and deliveries.
"""
