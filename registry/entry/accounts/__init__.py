"""Who signs in: invitations, tokens, SITHS, second factor."""
