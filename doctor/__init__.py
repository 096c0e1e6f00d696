"""`vigil doctor`: looks at every part of an installation, and says of each whether it is right and what to do."""
