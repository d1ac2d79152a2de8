"""A service and its platform in the terminal: where they listen nobody else gets in between."""

import socket
from pathlib import Path

from daoxue.config import SETTINGS
from daoxue.play import beside, common, free
from players.platform import LearningPlatform


def test_the_port_of_a_program_that_is_yet_to_start_is_none_that_connections_leave_from() -> None:
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert max(free() for _ in range(100)) < first


async def test_a_platform_listens_before_the_service_is_told_where() -> None:
    port, told = free(), []

    def settings(folder: str, api_port: int) -> dict[str, str]:
        socket.create_connection(("127.0.0.1", api_port)).close()
        return common(port, folder)

    async def use(url: str, folder: str) -> None:
        told.append(url)

    assert await beside(SETTINGS, LearningPlatform({}).app(), port, settings, use) == 0
    assert told == [f"http://127.0.0.1:{port}"]
