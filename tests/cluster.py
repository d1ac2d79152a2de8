"""A PostgreSQL cluster of our own, from the installed binaries."""

import os
import shutil
import subprocess
from pathlib import Path


def binaries() -> Path | None:
    """Where those of the newest version are."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).parent if found else None


class Cluster:
    """In `folder`, which is made and thrown away with it. One that is not `durable` may lose what it has with its machine."""

    def __init__(
        self, programs: Path, folder: Path, port: int, *, durable: bool = False, of: "Cluster | None" = None
    ) -> None:
        """`of` another it is a streaming replica."""
        self.url = f"postgresql://tests@127.0.0.1:{port}"  # without a database's name
        self._programs = programs
        self._folder = folder
        self._data = folder / "data"
        synced = "on" if durable else "off"
        self._options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync={synced}"
        folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        if of is not None:
            self._run(
                "pg_basebackup", "-d", f"{of.url}/postgres", "-D", str(self._data), "-R", "-X", "stream", "-c", "fast"
            )
            return
        self._run("initdb", "-D", str(self._data), "-U", "tests", "-A", "trust", "-E", "UTF8", "--no-sync")

    def start(self) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-o", self._options, "-w", "start")

    def stop(self) -> None:
        """Without waiting for anybody, as when its machine fails."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *words: str) -> None:
        # PostgreSQL refuses to run as root; the system's package made a user for it.
        user = "postgres" if os.geteuid() == 0 else None
        subprocess.run(
            [self._programs / program, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/tmp",
            user=user, group=user,
        )  # fmt: skip
