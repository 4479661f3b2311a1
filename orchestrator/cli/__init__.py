"""The commands of platformctl."""
