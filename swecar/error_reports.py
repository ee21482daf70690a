"""What an error page or an error mail may show: the lines of the code, never the values."""

from django.views.debug import SafeExceptionReporterFilter


class NothingPersonalFilter(SafeExceptionReporterFilter):
    """Leaves out local variables and what a form sent: an identity number may stand there."""

    def get_post_parameters(self, request):
        """No field of a form."""
        return {}

    def get_traceback_frame_variables(self, request, tb_frame):
        """No local variable."""
        return []
