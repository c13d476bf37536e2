"""Groups in Elasticsearch, for triage in Kibana: a copy of the store that can be made anew at any time."""

from stormcell_exporters.elasticsearch.exporter import ElasticsearchExporter

__all__ = ["ElasticsearchExporter"]
