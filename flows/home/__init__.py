"""What a home is: its settings, its folders and histories, and what survives a power cut."""
