"""The strict Slack bites: each test names the rule (of Slack's own pages) that the stand-in must keep.

The guinea pig is a Bolt app of a few lines, or slack_sdk's own client.
"""
