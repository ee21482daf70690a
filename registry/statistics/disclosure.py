"""The one door through which every public answer passes."""

from django.conf import settings


def publishable(answer: dict) -> dict:
    """The answer as the policy lets it out.

    `exact` lets every number through: the network publishes small numbers as they are. It is
    the only policy that the settings accept (env.py) until suppression exists.
    """
    if settings.DISCLOSURE != "exact":
        raise NotImplementedError(settings.DISCLOSURE)
    return answer
