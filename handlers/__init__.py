"""The Slack edge: commands, modals and buttons in; Block Kit messages out."""
