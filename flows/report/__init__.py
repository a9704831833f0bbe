"""Step 9, report: a week's numbers as CSV files, a page and a chart, and as a table for a terminal.

The way: `tables` asks the catalogue, `dictionary` explains each column, `words` writes the
sentences, `charts` draws it, `page` and its template lay it out, `citable` describes
the files and says how to cite them, `write` writes them, `terminal` prints.
"""
