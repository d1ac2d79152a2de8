"""What a wheel takes beyond the list in pyproject.toml; a checkout that is installed as it stands takes nothing."""

from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGE = "web/desk/dist"


class Whole(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, dict[str, str]]) -> None:
        """The settings with their comments, beside the code that reads them. Raises where the desk's page is lacking."""
        if version == "editable":
            return
        if not (Path(self.root) / PAGE / "index.html").is_file():
            raise FileNotFoundError(f"{PAGE}: the desk's page is not built: `make wheel` builds it first")
        build_data["force_include"]["config.yml"] = "daoxue/config.yml"
