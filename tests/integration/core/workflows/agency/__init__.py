"""The sagas as a module: a job that took its process along goes on in a process that knows installed modules only."""
