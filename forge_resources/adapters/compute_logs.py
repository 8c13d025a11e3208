"""What steps print: kept on S3 where FORGE_LOGS is an `s3://` address, else in a folder.

What belongs here: which of Dagster's two, the life of links to it, and that a log that cannot be put away fails no run.
What does not: the event log.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from dagster._config import UserConfigSchema
from dagster._core.storage.compute_log_manager import ComputeIOType, ComputeLogManager
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._serdes import ConfigurableClass, ConfigurableClassData
from dagster_aws.s3 import S3ComputeLogManager

from forge_resources.store.files import place_at
from forge_resources.store.s3 import link_minutes, link_to

log = logging.getLogger("forge.logs")


class LinkedS3Logs(S3ComputeLogManager):
    """Logs on S3, told by links that live for a limited time."""

    def download_url_for_type(self, log_key: Sequence[str], io_type: ComputeIOType) -> str | None:
        if not self.is_capture_complete(log_key):
            return None
        key = self._s3_key(log_key, io_type)  # type: ignore[no-untyped-call]
        return link_to(place_at(f"s3://{self._s3_bucket}/{key}"), link_minutes())

    def _upload_file_obj(
        self, data: IO[bytes], log_key: Sequence[str], io_type: ComputeIOType, partial: bool = False
    ) -> None:
        try:
            super()._upload_file_obj(data, log_key, io_type, partial)
        except (BotoCoreError, Boto3Error, ClientError) as error:
            # The work is done and told in the event log; what was printed beside it is not worth failing it for.
            log.warning("what %s printed could not be put away: %s", "/".join(log_key), error)


class DeploymentLogs(ComputeLogManager, ConfigurableClass):
    """What `docker/dagster.yaml` names: becomes the one that FORGE_LOGS asks for."""

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        raise NotImplementedError("never made: from_config_value makes another")

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        return {}

    @classmethod
    def from_config_value(  # type: ignore[override]
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> ComputeLogManager:
        address = os.environ.get("FORGE_LOGS", "")
        home = Path(os.environ["DAGSTER_HOME"])
        if not address.startswith("s3://"):
            return LocalComputeLogManager(address or str(home / "storage"), inst_data=inst_data)
        bucket, _, prefix = address.removeprefix("s3://").partition("/")
        return LinkedS3Logs(bucket, str(home / "cache" / "logs"), inst_data, prefix or "logs", skip_empty_files=True)
