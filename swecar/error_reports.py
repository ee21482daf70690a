"""Error pages and error mails without values: only lines of code."""

from django.views.debug import SafeExceptionReporterFilter


class NothingPersonalFilter(SafeExceptionReporterFilter):
    """Leaves out form fields and local variables, which may hold an identity number."""

    def get_post_parameters(self, request):
        return {}

    def get_traceback_frame_variables(self, request, tb_frame):
        return []
