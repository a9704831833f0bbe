"""Step 6, registers: the lists that link a hull to Russia, in their publishers' own formats.

`entry` says what an entry is; a module for each publisher reads its files; `formats` tells which of
them a file is for; `store` keeps every version in the home.
"""
