"""Settings x metrics x data sets x epochs over seeds, and what is looked up in them."""
