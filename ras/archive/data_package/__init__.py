"""The data package that Discord sends people on request."""
