"""Witnesses: what others saw at the ports. It is compared with our calls and enters no count."""
