"""A local Slack workspace and AWS accounts: to try the bot, and to test it against."""
