"""Looking after jobs over REST and from the command line. Running them is core's part."""
