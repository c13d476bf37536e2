"""The command line: parses options, reads and writes files, prints."""
