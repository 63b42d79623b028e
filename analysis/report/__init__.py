"""The HTML page: data, template, server."""
