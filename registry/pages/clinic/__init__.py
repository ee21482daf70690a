"""Entry: the pages of the people who fill the registry and keep it true."""
