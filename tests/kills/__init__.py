"""``kill -9`` of the web server, the worker and PostgreSQL under load: nothing acknowledged is lost, nothing
that is asked for again is done twice."""
