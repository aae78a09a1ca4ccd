"""What every section of the settings shares."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A section: an unknown key is an error, and nobody changes a value."""

    model_config = ConfigDict(extra="forbid", frozen=True)
