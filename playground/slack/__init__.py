"""A strict Slack: it signs and delivers like Slack, and rejects what Slack rejects."""
