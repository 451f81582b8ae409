"""A strict AWS for images, snapshots, keys and roles: it refuses what AWS refuses."""
