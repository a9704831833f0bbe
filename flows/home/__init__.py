"""The home: settings, files, histories, lock, and durable writes."""
