"""The formats of those who publish lists of ships."""
