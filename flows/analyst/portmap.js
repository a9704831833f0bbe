// The script of the map: draws the data of the page, keeps the scale equal, and switches layers.
"use strict";
(async () => {
  const item = JSON.parse(document.getElementById("map-data").textContent);
  const views = await Bokeh.embed.embed_item(item, "map");
  const plot = [...views].map((view) => view.model).find((model) => model.type === "Figure");
  const { x_range: across, y_range: up } = plot;

  // Equal scale in both directions, which the figure's own ranges do not keep.
  let width = 0;
  const fit = () => {
    const [wide, high] = [plot.inner_width, plot.inner_height];
    if (!(wide > 0 && high > 0)) return;
    const [x, y] = [(across.start + across.end) / 2, (up.start + up.end) / 2];
    const first = width === 0;
    const metres = first
      ? Math.max((across.end - across.start) / wide, (up.end - up.start) / high)
      : (across.end - across.start) / width;
    width = wide;
    across.setv({ start: x - (metres * wide) / 2, end: x + (metres * wide) / 2 });
    up.setv({ start: y - (metres * high) / 2, end: y + (metres * high) / 2 });
    if (first) {
      across.setv({ reset_start: across.start, reset_end: across.end });
      up.setv({ reset_start: up.start, reset_end: up.end });
    }
  };

  // Names that would overlap are left out; zooming in makes room for them.
  const names = plot.renderers.find((renderer) => renderer.name === "names").data_source;
  const pencil = document.createElement("canvas").getContext("2d");
  pencil.font = "12px sans-serif";
  const widths = [...names.data.name].map((name) => pencil.measureText(name).width + 14);
  let asked = false;
  const thinOut = () => {
    asked = false;
    const metres = (across.end - across.start) / plot.inner_width;
    const taken = [];
    names.data.shown_x = names.data.x.map((metresEast, i) => {
      const x = metresEast / metres;
      const y = names.data.y[i] / metres;
      const free = taken.every(
        ([left, middle, right]) =>
          x > right || x + widths[i] < left || Math.abs(y - middle) > 15,
      );
      if (free) taken.push([x, y, x + widths[i]]);
      return free ? metresEast : NaN;
    });
    names.change.emit();
  };
  const ask = () => {
    if (!asked) requestAnimationFrame(thinOut);
    asked = true;
  };
  across.properties.start.change.connect(ask);
  across.properties.end.change.connect(ask);
  plot.properties.inner_width.change.connect(fit);
  plot.properties.inner_height.change.connect(fit);
  fit();
  ask();

  // Text beside the map on what is under the pointer, else on what was tapped.
  const aside = document.getElementById("hover");
  const most = (data) => (data.hover ? 3 : 1);
  const fix = (data, i, kind) =>
    `${new Date(data.at[i]).toISOString().slice(0, 19).replace("T", " ")} UTC\n` +
    `${data.lat[i].toFixed(5)} N ${data.lon[i].toFixed(5)} E, ` +
    (Number.isNaN(data.sog_kn[i]) ? "no speed given" : `${data.sog_kn[i].toFixed(1)} kn`) +
    `\n${kind}`;
  const hoverable = plot.renderers.filter((renderer) => {
    const columns = renderer.data_source.columns();
    return columns.includes("hover") || columns.includes("at");
  });
  const textsOf = (selection) => {
    const texts = [];
    for (const renderer of [...hoverable].reverse()) {
      const { data } = renderer.data_source;
      const indices = renderer.visible ? renderer.data_source[selection].indices : [];
      for (const i of indices.slice(0, most(data))) {
        texts.push(data.hover ? data.hover[i] : fix(data, i, renderer.glyph.tags[1]));
      }
      const more = indices.length - most(data);
      if (more > 0) texts.push(`and ${more} more here`);
    }
    return texts;
  };
  const show = () => {
    const under = textsOf("inspected");
    const texts = under.length ? under : textsOf("selected");
    aside.textContent = texts.join("\n\n");
    aside.hidden = texts.length === 0;
  };
  const main = aside.parentElement;
  const keepClear = (event) => {
    const { left, width: wide } = main.getBoundingClientRect();
    aside.classList.toggle("right", event.clientX - left < wide / 2);
  };
  for (const kind of ["pointermove", "pointerdown"]) main.addEventListener(kind, keepClear, true);
  for (const { data_source: source } of hoverable) {
    source.inspect.connect(show);
    source.selected.properties.indices.change.connect(show);
  }

  for (const box of document.querySelectorAll("input[data-layer]")) {
    const toggle = () => {
      for (const renderer of plot.renderers) {
        if (renderer.glyph.tags.includes(box.dataset.layer)) renderer.visible = box.checked;
      }
    };
    box.addEventListener("change", toggle);
    toggle(); // a browser may keep a box as it was when the page is loaded again
  }
  document.documentElement.dataset.drawn = "yes";
})();
