"""Errors of the embedded servers and the demonstration."""


class CannotStart(Exception):
    """Something could not be started; the text is a sentence for the user at the terminal."""
