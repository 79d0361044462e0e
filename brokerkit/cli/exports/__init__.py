"""All APIs of a broker as files for other programs: Postman, OpenAPI, and types for an editor."""
