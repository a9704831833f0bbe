"""`barometer ports --map`: ports, fences and a ship's track as one page that needs no network."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import shapely
from bokeh.core.properties import value
from bokeh.embed import json_item
from bokeh.models import BoxZoomTool, ColumnDataSource, HoverTool, Range1d, TapTool, WheelZoomTool
from bokeh.plotting import figure as new_plot
from bokeh.resources import Resources
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from shapely.geometry.base import BaseGeometry

from flows.analyst.layers import (
    CALL_LAYER,
    CLOCK_REASON,
    EVENT_LAYER,
    FIX_LAYERS,
    NOT_JUDGED,
    PORT_LAYERS,
    SECOND_HULL_REASON,
    Layer,
    breaks_of,
    mercator,
    thin,
)
from flows.home.resources import sql_text
from flows.home.text import safe_text
from flows.report.figures import ALL, FENCE, INK, LAND, MUTED, PAPER, SEA
from flows.report.maps import land
from flows.report.tables import records
from flows.report.words import SIMULATED
from geo.plausibility import CLOCK, REASONS
from geo.ports import Ports

_FIRST_VIEW = (47.3, 24.0, 61.5, 39.2)
"""Iran's waters, degrees: west, south, east, north."""


def ship_on_map(con: duckdb.DuckDBPyConnection, ship: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a ship on the map.

    Parameters
    ----------
    con : DuckDBPyConnection
        On a catalogue, with its lake.
    ship : mapping
        One of `flows.analyst.vessel.find_ships`, heard at least once.

    Returns
    -------
    dict
        ship; fix: DataFrame of `sql/vessel/ship_fix.sql` with `kind`, a key of `FIX_LAYERS`; calls
        and events: lists of dict; is_simulated: whether the lake holds simulated files.
    """
    text = sql_text("vessel/ship_fix")
    fix = con.execute(text, {"hull_id": ship["hull_id"]}).df()
    fix["kind"] = np.select(
        [
            fix["verdict"].isna(),
            ~fix["is_own"],
            fix["reason"] == REASONS[CLOCK],
            fix["verdict"] == "implausible",
            fix["verdict"] == "disputed",
        ],
        [NOT_JUDGED, SECOND_HULL_REASON, CLOCK_REASON, "implausible", "disputed"],
        "credible",
    )
    calls = records(con, "vessel/vessel_call", hull_id=ship["hull_id"], imo=ship["imo"])
    ids = [call["port_call_id"] for call in calls]
    places = {
        row["port_call_id"]: row
        for row in records(con, "vessel/ship_call_place", port_call_ids=ids)
    }
    return {
        "ship": dict(ship),
        "fix": fix,
        "calls": [call | places[call["port_call_id"]] for call in calls],
        "events": records(
            con, "vessel/ship_interference", first_at=ship["first_at"], last_at=ship["last_at"]
        ),
        "is_simulated": records(con, "report/notes", week="")[0]["is_simulated"],
    }


def map_page(ports: Ports, of_ship: Mapping[str, Any] | None = None) -> str:
    """The map as HTML: one file with its scripts and data, which loads nothing from the network.

    Parameters
    ----------
    ports : Ports
        All ports and fences.
    of_ship : mapping or None
        A ship, from `ship_on_map`; None for the ports alone.

    Returns
    -------
    str
        The page. Its content security policy allows only its own two scripts and no requests;
        names of ships are text in it, on one line and without invisible characters.
    """
    plot = _plot(of_ship)
    layers = list(PORT_LAYERS)
    _draw_land(plot)
    _draw_areas(plot, ports)
    title, notes = "Ports and fences", ["Hover or tap for names, sources and accuracy."]
    if of_ship is not None:
        title, notes, ship_layers = _draw_ship(plot, of_ship)
        layers = ship_layers + layers
    _draw_names(plot, ports)
    simulated = SIMULATED if of_ship is not None and of_ship["is_simulated"] else ""
    return _page(title, notes, simulated, layers, json_item(plot))


def _plot(of_ship: Mapping[str, Any] | None) -> Any:
    """An empty map of Iran's waters, or of the area of the ship."""
    west, south, east, north = _FIRST_VIEW
    if of_ship is not None:
        own = of_ship["fix"][of_ship["fix"]["kind"].isin(["credible", "disputed", NOT_JUDGED])]
        own = of_ship["fix"] if own.empty else own
        # At least a tenth of a degree around a ship that did not move.
        west, east = own["lon"].min() - 0.1, own["lon"].max() + 0.1
        south, north = own["lat"].min() - 0.1, own["lat"].max() + 0.1
    (left, right), (low, high) = mercator(np.array([west, east]), np.array([south, north]))
    wheel = WheelZoomTool()
    plot = new_plot(
        x_axis_type="mercator",
        y_axis_type="mercator",
        x_range=Range1d(left, right),
        y_range=Range1d(low, high),
        sizing_mode="stretch_both",
        tools=[
            *("pan", wheel, BoxZoomTool(match_aspect=True), "reset"),
            HoverTool(tooltips=None, renderers=[], visible=False),
            TapTool(renderers=[], visible=False),
        ],
        active_scroll=wheel,
        background_fill_color=SEA,
        border_fill_color=PAPER,
        outline_line_color=MUTED,
        min_border=2,
    )
    plot.toolbar.logo = None
    plot.grid.grid_line_color = MUTED
    plot.grid.grid_line_alpha = 0.15
    plot.axis.axis_label = None
    return plot


def _rings(areas: Sequence[BaseGeometry]) -> dict[str, Any]:
    """Polygons with holes for bokeh: areas, parts, rings, metres."""
    xs, ys = [], []
    for area in areas:
        parts = [
            [mercator(*np.asarray(ring.coords)[:-1].T) for ring in (part.exterior, *part.interiors)]
            for part in shapely.get_parts(area)
            if part.geom_type == "Polygon"
        ]
        xs.append([[x for x, _ in rings] for rings in parts])
        ys.append([[y for _, y in rings] for rings in parts])
    return {"xs": xs, "ys": ys}


def _draw_land(plot: Any) -> None:
    parts = list(shapely.get_parts(land()))
    plot.multi_polygons(
        source=ColumnDataSource(_rings(parts)), fill_color=LAND, line_color=MUTED, line_width=0.6
    )


def _draw_areas(plot: Any, ports: Ports) -> None:
    """Outer limits, anchorages and berths, each a layer, with their sources on hover."""
    names = dict(zip(ports.port["port_id"], ports.port["name"], strict=True))
    areas = ports.port_area
    inner = areas[areas["kind"] != "port_limit"].groupby("port_id")["geometry"].apply(list)
    for layer, fill, width in zip(PORT_LAYERS[:3], (0.06, 0.35, 0.6), (1.6, 1.0, 1.0), strict=True):
        own = areas[areas["kind"] == layer.name]
        geometry = list(own["geometry"])
        if layer.name == "port_limit":
            # Without the areas inside, so that a hover shows one area at a time.
            geometry = [
                shapely.difference(limit, shapely.union_all(inner.get(port_id, [])))
                for limit, port_id in zip(geometry, own["port_id"], strict=True)
            ]
        texts = [
            f"{area['name']} ({area['kind'].replace('_', ' ')})\n"
            f"{names[area['port_id']]}, {area['port_id']}\n"
            f"drawn from: {area['source']}\naccuracy: {area['accuracy_m']:,.0f} m"
            for area in own.to_dict("records")
        ]
        _make_hoverable(
            plot,
            plot.multi_polygons(
                source=ColumnDataSource(_rings(geometry) | {"hover": _lines(texts)}),
                fill_color=layer.colour,
                fill_alpha=fill,
                line_color=FENCE if layer.name == "anchorage" else layer.colour,
                line_width=width,
                tags=[layer.name],
            ),
        )


def _lines(texts: Sequence[str]) -> list[str]:
    """Texts of several lines, each line without invisible characters."""
    return ["\n".join(safe_text(line) for line in text.split("\n")) for text in texts]


def _make_hoverable(plot: Any, renderer: Any) -> None:
    """Let the page's script show a renderer's text for what is under the pointer, or was tapped.

    It shows the column `hover` as text; bokeh's own tooltips are HTML, cover each other where
    things are close, and do not appear on a touch screen.
    """
    renderer.nonselection_glyph = None
    for tool in plot.tools:
        if isinstance(tool, HoverTool | TapTool):
            tool.renderers = [*tool.renderers, renderer]


def _draw_names(plot: Any, ports: Ports) -> None:
    """Names beside the ports; the page's script leaves out those that would overlap."""
    port = ports.port.assign(
        is_far=ports.port["country"] != "IR",
        usual=ports.port["usual_tanker_calls"].fillna(0),
    ).sort_values(["is_far", "usual", "port_id"], ascending=[True, False, True])
    middle = shapely.centroid(port["geometry"].to_numpy())
    x, y = mercator(shapely.get_x(middle), shapely.get_y(middle))
    names = [safe_text(name) for name in port["name"]]
    source = ColumnDataSource({"x": x, "shown_x": x, "y": y, "name": names})
    plot.text(
        "shown_x",
        "y",
        text="name",
        source=source,
        x_offset=8,
        text_baseline="middle",
        text_font_size="12px",
        text_font=value("sans-serif"),
        text_color=INK,
        background_fill_color=PAPER,
        background_fill_alpha=0.7,
        padding=1,
        name="names",
        tags=["names"],
    )


def _draw_ship(plot: Any, of_ship: Mapping[str, Any]) -> tuple[str, list[str], list[Layer]]:
    """Draw a ship's fixes, track, calls and interference at the time; title, notes and layers."""
    fix, tolerance_m = thin(of_ship["fix"])
    left_out = len(of_ship["fix"]) - len(fix)
    _draw_track(plot, fix[fix["kind"] == "credible"])
    layers = []
    for kind, (layer, marker) in FIX_LAYERS.items():
        own = fix[fix["kind"] == kind]
        if not own.empty:
            count = (of_ship["fix"]["kind"] == kind).sum()
            layers.append(layer._replace(text=f"{layer.text} ({count:,})"))
        # A renderer for each reason, so that its text is in the file once and not at each fix.
        for reason, rows in own.groupby(own["reason"].fillna(""), sort=True):
            words = f"{kind}: {reason}" if reason else kind
            _make_hoverable(plot, _draw_fixes(plot, rows, layer, marker, words))
    if of_ship["events"]:
        _draw_events(plot, of_ship["events"])
        layers.append(EVENT_LAYER._replace(text=f"{EVENT_LAYER.text} ({len(of_ship['events'])})"))
    if of_ship["calls"]:
        _draw_calls(plot, of_ship["calls"])
        layers.insert(0, CALL_LAYER._replace(text=f"{CALL_LAYER.text} ({len(of_ship['calls'])})"))
    ship = of_ship["ship"]
    name = safe_text(ship["vessel_name"] or "") or "Unnamed ship"
    notes = [
        f"Heard {ship['first_at']:%Y-%m-%d} to {ship['last_at']:%Y-%m-%d}, UTC. "
        "The line joins credible fixes; dashed where none was heard for 24 hours or more."
    ]
    if left_out:
        notes.append(
            f"Thinned out: {left_out:,} of {(of_ship['fix']['kind'] == 'credible').sum():,} "
            f"credible fixes are not drawn, none farther than {tolerance_m:,.0f} m from the line "
            "(Douglas-Peucker). All other fixes are drawn."
        )
    return f"{name}, {safe_text(ship['hull_id'])}", notes, layers


def _draw_track(plot: Any, credible: pd.DataFrame) -> None:
    """The line through the credible fixes, dashed over silences."""
    if len(credible) < 2:
        return
    x, y = mercator(credible["lon"].to_numpy(), credible["lat"].to_numpy())
    breaks = breaks_of(credible)
    style = {"line_color": ALL, "line_alpha": 0.6, "tags": ["credible"]}
    plot.multi_line(np.split(x, breaks), np.split(y, breaks), line_width=1.2, **style)
    track, lon = credible["track_id"].to_numpy(), credible["lon"].to_numpy()
    silent = [i for i in breaks if track[i] == track[i - 1] and abs(lon[i] - lon[i - 1]) <= 180]
    steps = [[values[[i - 1, i]] for i in silent] for values in (x, y)]
    plot.multi_line(*steps, line_width=1.0, line_dash=[4, 5], **style)


def _draw_fixes(plot: Any, rows: pd.DataFrame, layer: Layer, marker: str, words: str) -> Any:
    x, y = mercator(rows["lon"].to_numpy(), rows["lat"].to_numpy())
    source = ColumnDataSource(
        {
            "x": x,
            "y": y,
            "lon": rows["lon"].to_numpy(),
            "lat": rows["lat"].to_numpy(),
            "at": rows["reported_at"].to_numpy(),
            "sog_kn": rows["sog_kn"].to_numpy(dtype="float32", na_value=np.nan),
        }
    )
    hollow = layer.name == "not_judged"
    return plot.scatter(
        "x",
        "y",
        source=source,
        marker=marker,
        size=5 if layer.name in ("credible", "not_judged") else 9,
        fill_color=None if hollow else layer.colour,
        fill_alpha=0.7,
        line_color=layer.colour if hollow or marker == "x" else PAPER,
        line_width=2 if marker == "x" else 0.4,
        tags=[layer.name, words],
    )


def _draw_events(plot: Any, events: Sequence[Mapping[str, Any]]) -> None:
    lat = np.array([event["lat"] for event in events])
    x, y = mercator(np.array([event["lon"] for event in events]), lat)
    source = ColumnDataSource(
        {
            "x": x,
            "y": y,
            "radius": [e["radius_m"] for e in events] / np.cos(np.radians(lat)),
            "hover": _lines(
                [
                    f"Interference: {event['place']}\n{event['began_at']:%Y-%m-%d %H:%M} to "
                    f"{event['ended_at']:%Y-%m-%d %H:%M} UTC\n{event['ships']} ships at this "
                    f"false position ({event['evidence']})"
                    for event in events
                ]
            ),
        }
    )
    style = {"fill_alpha": 0.12, "line_width": 1.5, "tags": [EVENT_LAYER.name], "source": source}
    colour = EVENT_LAYER.colour
    plot.circle("x", "y", radius="radius", fill_color=colour, line_color=colour, **style)
    # The circle has the size of the event, often too small to see: a ring of fixed size around it.
    _make_hoverable(
        plot, plot.scatter("x", "y", size=22, fill_color=colour, line_color=colour, **style)
    )


def _draw_calls(plot: Any, calls: Sequence[Mapping[str, Any]]) -> None:
    x, y = mercator(
        np.array([call["lon"] for call in calls]), np.array([call["lat"] for call in calls])
    )
    texts = []
    for call in calls:
        left = f"{call['departed_at']:%Y-%m-%d %H:%M}" if call["departed_at"] else "still in port"
        linked = (
            f"\nlinked by {call['link_reasons']} ({call['link_tier']})"
            if call["link_reasons"]
            else ""
        )
        texts.append(
            f"Call at {call['port_name']} ({call['area_kind']})\n"
            f"{call['arrived_at']:%Y-%m-%d %H:%M} to {left} UTC\nconfidence "
            f"{call['confidence']}{'' if call['confidence'] > 1 else ', contested'}{linked}"
        )
    source = ColumnDataSource({"x": x, "y": y, "hover": _lines(texts)})
    stars = plot.scatter(
        "x",
        "y",
        source=source,
        marker="star",
        size=17,
        fill_color=CALL_LAYER.colour,
        line_color=PAPER,
        tags=[CALL_LAYER.name],
    )
    _make_hoverable(plot, stars)


def _page(
    title: str, notes: Sequence[str], simulated: str, layers: Sequence[Layer], item: Any
) -> str:
    here = Path(__file__).resolve().parent
    library = "\n".join(Resources(mode="inline", components=["bokeh"]).js_raw)
    script = here.joinpath("portmap.js").read_text(encoding="utf-8")
    scripts = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in (library, script)
    )
    page = Environment(
        loader=FileSystemLoader(here), autoescape=True, undefined=StrictUndefined
    ).get_template("portmap.html")
    return page.render(
        # No other script and no requests; the plot writes inline styles.
        policy=(
            f"default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; "
            "img-src data: blob:; base-uri 'none'; form-action 'none'"
        ),
        title=title,
        notes=notes,
        simulated=simulated,
        layers=[layer._asdict() for layer in layers],
        paper=PAPER,
        ink=INK,
        muted=MUTED,
        # Escaped, so that no value can end the element.
        data=json.dumps(item).replace("<", "\\u003c"),
        library=library,
        script=script,
    )
