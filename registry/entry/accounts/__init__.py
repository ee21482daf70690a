"""Accounts: invitations, tokens, SITHS, second factor."""
