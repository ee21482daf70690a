"""How passwords are stored."""

from django.contrib.auth.hashers import check_password, identify_hasher, make_password

from swecar import settings as of_the_service


def test_a_password_is_stored_by_argon2_and_an_older_hash_is_still_read(settings):
    settings.PASSWORD_HASHERS = of_the_service.PASSWORD_HASHERS
    stored = make_password("björk-gren-7")
    assert identify_hasher(stored).algorithm == "argon2"
    assert check_password("björk-gren-7", stored)
    assert not check_password("björk-gren-8", stored)
    old = make_password("björk-gren-7", hasher="pbkdf2_sha256")
    renewed = []
    assert check_password("björk-gren-7", old, setter=renewed.append)
    assert renewed == ["björk-gren-7"]
