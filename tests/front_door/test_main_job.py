"""The main job, through the front door: a signed command goes in, an approver clicks, the accounts end up right."""
