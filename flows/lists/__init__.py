"""What every list of ships comes to: its entries."""
