"""Two processes of the API share the connections."""

import socket

from tests.apis import Api
from tests.waiting import wait_until

CONNECTIONS = 8


def open_connections(api: Api) -> list[int]:
    """Return how many connections each process has."""
    return [
        sum(one.status == "ESTABLISHED" and one.laddr.port == api.port for one in process.net_connections("tcp"))
        for process in api.processes()
    ]


def asked(connection: socket.socket) -> bytes:
    connection.sendall(b"GET /livez HTTP/1.1\r\nHost: here\r\n\r\n")
    return connection.recv(15)


def test_connections_are_shared_and_a_process_that_hangs_keeps_none_waiting(api: Api) -> None:
    connections = [socket.create_connection(("127.0.0.1", api.port)) for _ in range(CONNECTIONS)]

    assert [asked(connection) for connection in connections] == [b"HTTP/1.1 200 OK"] * CONNECTIONS
    assert min(open_connections(api)) >= CONNECTIONS // 4  # half of them each, if the machine is idle

    for connection in connections[1:]:
        connection.close()
    wait_until(lambda: sum(open_connections(api)) == 1, 30, "the connections to be closed")
    idle = api.processes()[open_connections(api).index(0)]
    idle.suspend()
    try:
        with socket.create_connection(("127.0.0.1", api.port)) as late:
            assert asked(late) == b"HTTP/1.1 200 OK"
    finally:
        idle.resume()
        connections[0].close()
