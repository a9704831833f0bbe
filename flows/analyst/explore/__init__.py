"""`barometer explore`: the analyst's page on the catalogue, a marimo app and notebook."""
