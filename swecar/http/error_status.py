"""Which HTTP status an error has: one table for the API of both planes and for the pages."""

from collections.abc import Mapping
from http import HTTPStatus

from registry.errors import InfusionRefused, RegistryError, TrialsRefused

CODES: Mapping[HTTPStatus, str] = {
    HTTPStatus.BAD_REQUEST: """
        body_invalid choice_unknown coverage_date_impossible cursor_invalid date_in_future
        etag_invalid figure_unusable file_unusable filter_not_saved format_contradicts
        idempotency_key_invalid identifier_in_text identifier_invalid infusion_refused issuer_unclear
        missing parameter_repeated pseudonym_used query_too_long reason_missing release_day_wrong
        release_name_wrong release_title_missing too_costly too_long too_many_dimensions too_many_rows
        trials_refused unknown_parameter unknown_value value_repeated
    """,
    HTTPStatus.UNAUTHORIZED: "token_invalid",
    HTTPStatus.FORBIDDEN: "assurance_too_low commission_unknown not_permitted withheld_by_policy",
    HTTPStatus.NOT_FOUND: "invitation_unusable not_found",
    HTTPStatus.NOT_ACCEPTABLE: "not_acceptable",
    HTTPStatus.CONFLICT: """
        ages_contradict as_of_needs_current do_not_register effect_changed identifier_contradicts identifier_known
        identifier_taken import_impossible import_not_storable kind_unclear known_elsewhere list_changed
        merge_impossible merge_unexplained move_impossible not_submitted nothing_to_refer nothing_to_send
        only_identifier order_impossible period_empty question_answered question_closed question_full
        question_of_someone_else referral_settled release_day_before release_name_taken snapshot_behind
        username_taken
    """,
    HTTPStatus.PRECONDITION_FAILED: "changed_meanwhile",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "body_too_large file_too_large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "idempotency_key_reused",
    HTTPStatus.PRECONDITION_REQUIRED: "precondition_required",
    HTTPStatus.TOO_MANY_REQUESTS: "too_many_lookups too_many_requests",
    HTTPStatus.INTERNAL_SERVER_ERROR: "proof_failed history_altered",
    HTTPStatus.SERVICE_UNAVAILABLE: """
        busy clinic_down database_busy database_down database_full database_read_only identity_keeper_away
        identity_keeper_limit identity_key_unknown identity_key_wrong no_snapshot storage_full wrong_database
    """,
}
STATUSES: Mapping[str, HTTPStatus] = {code: status for status, codes in CODES.items() for code in codes.split()}


def status_of(error: RegistryError) -> HTTPStatus:
    """The status of a response that says this error.

    A refused infusion or trial has the code of a rule, of which there are many: its class says the status.
    """
    return STATUSES[type(error).code if isinstance(error, InfusionRefused | TrialsRefused) else error.code]
