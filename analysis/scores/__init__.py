"""Settings x metrics x data sets x epochs over seeds, and lookups in them."""
