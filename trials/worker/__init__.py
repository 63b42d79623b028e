"""What happens inside one worker process. Knows no Ray, no database connection, no sweep."""
