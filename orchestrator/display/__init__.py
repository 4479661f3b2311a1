"""Pure rendering of state and diagnostics to text."""
