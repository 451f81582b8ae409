"""Programs that use the floors on their own."""
