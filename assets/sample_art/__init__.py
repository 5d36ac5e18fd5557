"""Pictures and conversation of the sample archive; everything here is made by code."""
