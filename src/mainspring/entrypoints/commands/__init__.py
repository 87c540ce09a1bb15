"""The commands of core, one file each."""
