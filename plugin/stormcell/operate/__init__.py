"""What people do to groups: the command line and the API call the same functions, which print nothing."""
