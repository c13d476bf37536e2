"""Groups in Elasticsearch, for triage in Kibana: a copy of the store that can be made anew at any time."""
