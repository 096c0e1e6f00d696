"""What each process of the installation needs to run: settings, logs, a connection to Temporal."""
