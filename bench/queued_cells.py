"""The code location of `bench/scale.py`: one asset by cell that makes nothing, so that what is left is the queue.

A sensor asks for FORGE_BENCH_RUNS runs at once, as the inbox does.
"""

# Annotations are not postponed here: Dagster reads them off the asset while it is made.
import os

import dagster as dg

from forge_assets.partitions import CELL


@dg.asset(partitions_def=CELL)
def nothing(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Is made in no time."""
    return dg.MaterializeResult(metadata={"cell": context.partition_key})


make_nothing = dg.define_asset_job("make_nothing", selection=[nothing])


@dg.sensor(job=make_nothing, minimum_interval_seconds=5, default_status=dg.DefaultSensorStatus.RUNNING)
def everything(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Asks for every cell of the first persona, once."""
    markets = context.instance.get_dynamic_partitions("market")[: int(os.environ["FORGE_BENCH_RUNS"])]
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=market, partition_key=f"{market}|persona-00") for market in markets]
    )


defs = dg.Definitions(assets=[nothing], jobs=[make_nothing], sensors=[everything], executor=dg.in_process_executor)
