// The map's own script: draws what is in the page, keeps it undistorted, and switches layers.
"use strict";
(async () => {
  const item = JSON.parse(document.getElementById("map-data").textContent);
  const views = await Bokeh.embed.embed_item(item, "map");
  const plot = [...views].map((view) => view.model).find((model) => model.type === "Figure");
  const { x_range: across, y_range: up } = plot;

  // A degree north is as long on the screen as one east: the figure's own ranges know no such bond.
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

  // Names that would lie on each other are left out; there is room for them further in.
  const names = plot.renderers.find((renderer) => renderer.name === "names").data_source;
  const everything = [...names.data.name];
  const pencil = document.createElement("canvas").getContext("2d");
  pencil.font = "12px sans-serif";
  const widths = everything.map((name) => pencil.measureText(name).width + 14);
  let asked = false;
  const thinOut = () => {
    asked = false;
    const metres = (across.end - across.start) / plot.inner_width;
    const taken = [];
    names.data.shown = everything.map((name, i) => {
      const x = names.data.x[i] / metres;
      const y = names.data.y[i] / metres;
      const free = taken.every(
        ([left, middle, right]) =>
          x > right || x + widths[i] < left || Math.abs(y - middle) > 15,
      );
      if (free) taken.push([x, y, x + widths[i]]);
      return free ? name : "";
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

  for (const box of document.querySelectorAll("input[data-layer]")) {
    const show = () => {
      for (const renderer of plot.renderers) {
        if (renderer.tags.includes(box.dataset.layer)) renderer.visible = box.checked;
      }
    };
    box.addEventListener("change", show);
    show(); // a browser may keep a box as it was when the page is loaded again
  }
  document.documentElement.dataset.drawn = "yes";
})();
