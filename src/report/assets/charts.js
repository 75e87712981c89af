"use strict";
// Figures made of curves become charts on the screen: drag to zoom, values under the pointer, curves on and off.
// The drawing (SVG) stays for print and for browsers without scripts. Nothing is computed here but where to draw.
const glassbridge = (() => {
  const FONT = '12px "DejaVu Sans", Verdana, sans-serif';
  const INK = "#222222";
  // Pixels within which the nearest point of a curve is the one under the pointer.
  const NEAR = 30;

  const number = (v, digits) => {
    if (v == null) return "";
    const size = Math.abs(v);
    const text = size !== 0 && (size < 1e-3 || size >= 1e6) ? v.toExponential(digits - 1) : String(Number(v.toPrecision(digits)));
    return text.replaceAll("-", "\u2212");
  };

  const faded = (colour, alpha) => colour + Math.round(255 * alpha).toString(16).padStart(2, "0");

  // Index of the nearest value that this curve has, since curves of one panel may have points of their own.
  function nearest(u, series, hovered) {
    const [x, y] = [u.data[0], u.data[series]];
    if (series === 0 || y[hovered] != null) return hovered;
    const place = (i) => Math.abs(u.valToPos(x[i], "x") - u.cursor.left);
    let best = null;
    for (const step of [-1, 1]) {
      let i = hovered + step;
      while (i >= 0 && i < x.length && y[i] == null) i += step;
      if (y[i] != null && place(i) < NEAR && (best === null || place(i) < place(best))) best = i;
    }
    return best;
  }

  // One layer of the report's model as columns for uPlot, its series, and what is drawn by hand.
  function layerOf(layer, look, first) {
    const role = look.roles[layer.role] || look.roles.measured;
    const named = { label: layer.label, class: layer.label ? null : "unnamed", value: (u, v) => number(v, 5) };
    const stroke = { stroke: role.colour, width: role.width, dash: role.dash, points: { show: false } };
    switch (layer.kind) {
      case "line":
        return { columns: [layer.x, layer.y], series: [{ ...named, ...stroke }] };
      case "bars":
        return {
          columns: [layer.x, layer.y],
          series: [{ ...named, stroke: role.colour, fill: role.colour, points: { show: false }, paths: uPlot.paths.bars({ size: [0.9, 100] }) }],
        };
      case "points": {
        const points = { show: true, size: layer.x.length > 80 ? 4 : 6, stroke: role.colour, fill: role.filled ? role.colour : "#fff" };
        return {
          columns: [layer.x, layer.y],
          series: [{ ...named, stroke: role.colour, paths: () => null, points }],
          errors: layer.sigma && { x: layer.x, y: layer.y, sigma: layer.sigma, colour: role.colour, series: first },
        };
      }
      case "band": {
        const edge = { ...named, stroke: faded(role.colour, 0.5), width: 0.5, points: { show: false } };
        return {
          columns: [layer.x, layer.low, layer.high],
          series: [
            { ...edge, label: layer.label && layer.label + ", lower" },
            { ...edge, label: layer.label && layer.label + ", upper" },
          ],
          band: { series: [first + 1, first], fill: faded(role.colour, look.band) },
        };
      }
      default:
        return { columns: null, series: [], shade: layer.kind === "shade" ? layer : null };
    }
  }

  function shades(list, look) {
    return (u) => {
      const { left, top, width, height } = u.bbox;
      u.ctx.save();
      u.ctx.beginPath();
      u.ctx.rect(left, top, width, height);
      u.ctx.clip();
      for (const { from, to } of list) {
        const a = u.valToPos(from, "x", true);
        const b = Math.max(u.valToPos(to, "x", true), a + 1);
        u.ctx.fillStyle = faded(look.attention, 0.22);
        u.ctx.fillRect(a, top, b - a, height);
        u.ctx.fillStyle = look.attention;
        u.ctx.fillRect(a, top, b - a, 3 * devicePixelRatio);
      }
      u.ctx.restore();
    };
  }

  function errorBars(list) {
    return (u) => {
      const { left, top, width, height } = u.bbox;
      u.ctx.save();
      u.ctx.beginPath();
      u.ctx.rect(left, top, width, height);
      u.ctx.clip();
      for (const { x, y, sigma, colour, series } of list) {
        if (!u.series[series].show) continue;
        u.ctx.strokeStyle = colour;
        u.ctx.lineWidth = devicePixelRatio;
        u.ctx.beginPath();
        for (let i = 0; i < x.length; i++) {
          const column = u.valToPos(x[i], "x", true);
          u.ctx.moveTo(column, u.valToPos(y[i] - sigma[i], "y", true));
          u.ctx.lineTo(column, u.valToPos(y[i] + sigma[i], "y", true));
        }
        u.ctx.stroke();
      }
      u.ctx.restore();
    };
  }

  function optionsOf(panel, look, name, isNamed) {
    const made = { tables: [], series: [{ label: name, value: (u, v) => number(v, 6) }], bands: [], shades: [], errors: [] };
    const curves = panel.layers.filter((layer) => layer.kind !== "shade");
    for (let layer of panel.layers) {
      // The only curve of a panel is what its axis says.
      if (curves.length === 1 && !layer.label) layer = { ...layer, label: panel.y.label || panel.title || "" };
      const part = layerOf(layer, look, made.series.length);
      if (part.columns) made.tables.push(part.columns);
      made.series.push(...part.series);
      if (part.band) made.bands.push(part.band);
      if (part.shade) made.shades.push(part.shade);
      if (part.errors) made.errors.push(part.errors);
    }
    const axis = (label, extra) => ({
      label, font: FONT, labelFont: FONT, stroke: INK, grid: { stroke: "#eee", width: 1 }, ticks: { stroke: INK, width: 1, size: 4 },
      values: (u, splits) => splits.map((v) => number(v, 6)), ...extra,
    });
    const data = made.tables.length ? uPlot.join(made.tables) : [[]];
    const options = {
      scales: { x: { time: false }, y: panel.y.range ? { range: panel.y.range } : {} },
      axes: [axis(isNamed ? name : "", { labelSize: 18, size: 30 }), axis(panel.y.label, { labelSize: 18, size: 58 })],
      series: made.series,
      bands: made.bands,
      cursor: { dataIdx: nearest, drag: { x: true, y: false }, points: { size: 6 } },
      legend: { live: true },
      hooks: { drawClear: [shades(made.shades, look)], draw: [errorBars(made.errors)] },
    };
    return { data, options };
  }

  // `zooms` remembers the x range of each panel by figure, so that a page that is renewed stays where the reader was.
  function chart(figure, box, look, zooms) {
    const stacked = figure.arrangement === "stacked";
    const panels = figure.panels;
    const last = panels.length - 1;
    const total = panels.reduce((sum, p) => sum + p.weight, 0);
    const shared = stacked && panels[last].x.range;
    box.classList.add(stacked ? "stacked" : "beside");
    panels.forEach((panel, i) => {
      const holder = document.createElement("div");
      holder.className = "panel";
      if (panels.length > 1 || panel.title) {
        const title = document.createElement("p");
        title.textContent = (panels.length > 1 ? "(" + String.fromCharCode(97 + i) + ") " : "") + (panel.title || "");
        holder.append(title);
      }
      box.append(holder);
      const isNamed = !stacked || i === last;
      const { data, options } = optionsOf(panel, look, stacked ? panels[last].x.label : panel.x.label, isNamed);
      const size = () => {
        const width = Math.max(holder.clientWidth, 120);
        const share = stacked ? panel.weight / total : 1;
        const full = (box.clientWidth * figure.size.height_mm) / figure.size.width_mm;
        return { width, height: Math.max(Math.round(full * share), 170) };
      };
      if (stacked && last > 0) options.cursor.sync = { key: figure.id, scales: ["x", null] };
      const key = figure.id + "/" + i;
      options.hooks.setScale = [(u, scale) => {
        if (scale === "x" && zooms && u.scales.x.min != null) zooms.set(key, [u.scales.x.min, u.scales.x.max]);
      }];
      const u = new uPlot({ ...options, ...size() }, data, holder);
      const range = (zooms && zooms.get(key)) || shared || panel.x.range;
      if (range && range[0] != null) u.setScale("x", { min: range[0], max: range[1] });
      new ResizeObserver(() => {
        const now = size();
        if (holder.clientWidth > 0 && now.width !== u.width) u.setSize(now);
      }).observe(box);
    });
  }

  // Turns every figure below `root` that carries its numbers into a chart, with a button back to the drawing.
  function enliven(root, look, zooms) {
    for (const held of root.querySelectorAll("figure > script.numbers")) {
      const place = held.parentElement;
      const sheet = place.querySelector(".sheet");
      const box = document.createElement("div");
      box.className = "charts";
      place.insertBefore(box, sheet);
      try {
        chart(JSON.parse(held.textContent), box, look, zooms);
      } catch (error) {
        // The drawing is there in any case.
        box.remove();
        continue;
      }
      const button = document.createElement("button");
      button.type = "button";
      button.className = "other-view";
      const show = (asChart) => {
        box.hidden = !asChart;
        sheet.classList.toggle("print-only", asChart);
        button.textContent = asChart ? "as printed" : "as chart";
        button.title = asChart ? "" : "drag to zoom, double-click to see all, click a name to hide its curve";
      };
      button.addEventListener("click", () => show(box.hidden));
      const hint = document.createElement("p");
      hint.className = "hint";
      hint.append("Drag to zoom, double-click to see all, click a name to hide its curve. ", button);
      place.insertBefore(hint, sheet.nextSibling);
      show(true);
    }
  }

  return { enliven };
})();
