"""Paper figures by subject, and what they share."""
