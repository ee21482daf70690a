"""Requests that were carried out under an idempotency key."""

from django.db import models

from registry.models.user import User


class IdempotencyKey(models.Model):
    """A request that was carried out: sent again, it gets the stored response and is not done twice."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    request_digest = models.BinaryField(help_text="Keyed: the request itself may hold an identifier.")
    secret_mark = models.BinaryField(null=True, help_text="Of the SECRET_KEY of the digest.")
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "key"], name="idempotency_key_is_used_once"),
        ]

    def __str__(self) -> str:
        return self.key
