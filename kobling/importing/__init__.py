"""Files of volunteers, settlements, meetings or commands as records: read, checked, tried, sent."""
