"""Two processes of the API share the connections."""

import socket
import subprocess

import psutil

from tests.waiting import wait_until

CONNECTIONS = 8


def open_connections(parent: subprocess.Popen[bytes], port: int) -> list[int]:
    """Return how many connections to `port` each child has."""
    children = psutil.Process(parent.pid).children()
    found = [
        sum(one.status == "ESTABLISHED" and one.laddr.port == port for one in child.net_connections("tcp"))
        for child in children
    ]
    return sorted(found)[-2:]


def asked(connection: socket.socket) -> bytes:
    connection.sendall(b"GET /livez HTTP/1.1\r\nHost: here\r\n\r\n")
    return connection.recv(15)


def test_connections_are_shared_and_a_process_that_hangs_keeps_none_waiting(
    api: tuple[subprocess.Popen[bytes], int],
) -> None:
    parent, port = api
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]

    assert [asked(connection) for connection in connections] == [b"HTTP/1.1 200 OK"] * CONNECTIONS
    assert min(open_connections(parent, port)) >= CONNECTIONS // 4  # half of them each, if the machine is idle

    for connection in connections[1:]:
        connection.close()
    wait_until(lambda: sum(open_connections(parent, port)) == 1, 30, "the connections to be closed")
    children = psutil.Process(parent.pid).children()
    idle = next(
        child
        for child in children
        if not any(one.status == "ESTABLISHED" for one in child.net_connections("tcp"))
        and any(one.status == "LISTEN" for one in child.net_connections("tcp"))
    )
    idle.suspend()
    try:
        with socket.create_connection(("127.0.0.1", port)) as late:
            assert asked(late) == b"HTTP/1.1 200 OK"
    finally:
        idle.resume()
        connections[0].close()
