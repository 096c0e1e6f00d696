"""The one door in: HTTP for services, officers and supervisors; a client of Temporal."""
