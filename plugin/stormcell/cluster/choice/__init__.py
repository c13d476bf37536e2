"""How many medoids."""
