"""The shortest ways by sea between ports, along the network of `data/sea_ways`."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.earth import M_PER_NM

DISTANCE_SCHEMA = pa.schema(
    [("port_id", pa.string()), ("russian_port_id", pa.string()), ("distance_nm", pa.int32())]
)


def sea_distances(legs: pd.DataFrame, ports: pd.DataFrame) -> pa.Table:
    """The shortest way between each Iranian port and each Russian oil port.

    Parameters
    ----------
    legs : pandas.DataFrame
        `sea_leg`: from_point, to_point and length_m, in both directions.
    ports : pandas.DataFrame
        `port`: port_id, country, and trade_tier, which Russian oil ports alone have.

    Returns
    -------
    pyarrow.Table
        `sea_distance`, in whole nautical miles, sorted by its key (port_id, russian_port_id);
        without a row where there is no way.
    """
    points = pd.Index(sorted({*legs["from_point"], *legs["to_point"]}))
    ends = points.get_indexer(legs["from_point"]), points.get_indexer(legs["to_point"])
    network = csr_array((legs["length_m"].to_numpy(float), ends), shape=(len(points), len(points)))
    ports = ports[ports["port_id"].isin(points)].sort_values("port_id")
    starts = ports.loc[ports["country"] == "IR", "port_id"]
    targets = ports.loc[ports["trade_tier"].notna(), "port_id"]
    metres = dijkstra(network, indices=points.get_indexer(starts))[:, points.get_indexer(targets)]
    start, target = np.nonzero(np.isfinite(metres))
    return pa.table(
        {
            "port_id": starts.to_numpy()[start],
            "russian_port_id": targets.to_numpy()[target],
            # Of a half mile up, as SQL rounds.
            "distance_nm": np.floor(metres[start, target] / M_PER_NM + 0.5),
        },
        schema=DISTANCE_SCHEMA,
    )
