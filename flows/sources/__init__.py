"""Where positions come from: layouts, downloads, archives and streams."""
