"""What an analyst asks: SQL, a ship, the ports and their map."""
