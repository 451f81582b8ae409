# The app's home tab.

home-title = AMI share
home-decide = Waiting for your decision
home-mine = Your requests
home-running = Under way
home-shared = Shared now
home-nothing = Nothing is asked for, and nothing is shared.
home-more = … and { $count } more: { $command } shows them.
