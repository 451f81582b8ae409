"""The program: settings, wiring, command line, HTTP and Socket Mode, scheduled jobs. Nothing imports it."""
