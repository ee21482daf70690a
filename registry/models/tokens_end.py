"""Triggers that end a user's tokens with what they rest on, whoever changes it and by which way.

That of the second factors stands in migration 0038, since their table is a package's.
"""

import pgtrigger

END = """
UPDATE registry_token SET revoked_at = clock_timestamp() WHERE owner_id = OLD.{owner} AND revoked_at IS NULL;
RETURN NULL;
"""


def ends_tokens(*, owner: str, operation: pgtrigger.Operation, condition: str = "") -> pgtrigger.Trigger:
    """A trigger of a model. owner: the column with the token's owner; condition: SQL on OLD and NEW."""
    return pgtrigger.Trigger(
        name=f"ends_tokens_on_{str(operation).lower()}",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=operation,
        condition=pgtrigger.Condition(f"({condition})") if condition else None,
        func=END.format(owner=owner),
    )
