"""Views on groups for Kibana, ready to install."""
