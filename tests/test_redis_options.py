"""Options in REDIS_URL reach Celery and the client as what they are."""

from redis.connection import parse_url

from swecar.redis_client import make_client
from swecar.server_urls import redis_server

OPTIONS = "health_check_interval=30&max_connections=5&socket_keepalive=0"


def test_celery_gets_no_option_that_it_would_take_for_an_argument():
    assert redis_server(f"redis://host/1?{OPTIONS}").broker_url == "redis://host/1"


def test_a_client_by_sentinels_gets_numbers_and_flags():
    pool = make_client(redis_server(f"redis+sentinel://host/master/1?{OPTIONS}")).connection_pool
    plain = parse_url(f"redis://host/1?{OPTIONS}")
    for name in ("health_check_interval", "socket_keepalive"):
        assert pool.connection_kwargs[name] == plain[name]
        assert not isinstance(pool.connection_kwargs[name], str)
    assert pool.max_connections == plain["max_connections"] == 5
