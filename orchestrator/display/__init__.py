"""Pure rendering of state and findings to text."""
