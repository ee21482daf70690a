"""What makes a backup or a restore impossible, in a sentence for operators."""


class BackupFailed(Exception):
    """Nothing was written, or nothing was restored: the sentence says which, why, and what to do."""
