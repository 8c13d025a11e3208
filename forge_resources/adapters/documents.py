"""The IO manager: what one asset hands to the next is a document in the cabinet.

What belongs here: which drawer and name an asset partition has. What does not: how documents are kept.
"""

# Annotations are not postponed here: Dagster reads `ResourceDependency` off the class while it is made.
from typing import Any

import dagster as dg

from forge_resources.adapters.failures import failure_of
from forge_resources.adapters.resources import StudioResource
from forge_resources.errors import ForgeError
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.types import Document


class DocumentIOManager(dg.ConfigurableIOManager):
    """Keeps an asset's document under `<asset>/<brief>/<market>/<persona>`, reads it by the type the consumer names."""

    studio: dg.ResourceDependency[StudioResource]

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        self.studio.studio.cabinet.write(
            context.asset_key.path[-1], CellKey.parse(context.asset_partition_key).path, obj
        )

    def load_input(self, context: dg.InputContext) -> Document:
        contract = context.dagster_type.typing_type
        name = CellKey.parse(context.asset_partition_key).path
        try:
            read: Document = self.studio.studio.cabinet.read(context.asset_key.path[-1], name, contract)
        except ForgeError as error:
            raise failure_of(error) from None
        return read
