"""The migrations, oldest first by their links; `sharing.database.upgrade` runs what is missing."""
