"""How this language writes dates."""
