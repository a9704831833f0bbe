"""From one file to rows of the lake: parsed, refused or taken in, whole or not at all."""
