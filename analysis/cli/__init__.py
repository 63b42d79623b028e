"""Argument parsing, console output and exit codes of the commands."""
