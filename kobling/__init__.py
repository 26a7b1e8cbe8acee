"""The shipped command line: what an administrator of a running system does."""
