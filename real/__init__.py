"""Flask applications of others, as they are on PyPI, each without and with our two lines: `make real`."""
