"""A real Elasticsearch node on loopback, for tests."""
