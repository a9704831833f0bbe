"""Where positions come from: definitions, layouts and archives."""
