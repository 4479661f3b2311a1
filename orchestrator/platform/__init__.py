"""What only the trading platform needs: its packages, account settings, database principals, smoke test and highlights."""
