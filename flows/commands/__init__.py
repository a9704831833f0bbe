"""The commands, one file each. They only wire: a command imports what it needs, when it runs."""
