// The explorers of a page: what `bptt_lab.explorer` packed, unpacked when a control moves.
"use strict";
(() => {
  const PAUSE = 500; // ms of rest before a screen reader is told: not at every step of a drag

  // Integers from text: zigzag, base 32 with the lowest digits first, offset 63.
  const integers = (text) => {
    const values = [];
    let value = 0, shift = 0;
    for (let i = 0; i < text.length; i++) {
      const digit = text.charCodeAt(i) - 63;
      value |= (digit & 31) << shift;
      shift += 5;
      if (digit < 32) {
        values.push(value & 1 ? ~(value >>> 1) : value >>> 1);
        value = shift = 0;
      }
    }
    return values;
  };

  // Undo a difference: every entry becomes the sum of itself and the one `step` before it.
  const sum = (values, step, starts) => {
    for (let i = step; i < values.length; i++) if (!starts || i % starts) values[i] += values[i - step];
    return values;
  };

  // A function that returns state s of a slot as text; `now` is a state of the same build.
  const unpack = (packed, now, scale) => {
    if (Array.isArray(packed)) return (s) => packed[s];
    const at = sum(integers(packed.at), 1), table = integers(packed.is), width = at.length;
    for (let i = 0; i < packed.by[1]; i++) sum(table, 1, width);
    for (let i = 0; i < packed.by[0]; i++) sum(table, width);
    const parts = now.split(/(-?\d+(?:\.\d+)?)/); // numbers at odd places
    return (s) => {
      at.forEach((place, i) => { parts[2 * place + 1] = table[s * width + i] / scale; });
      return parts.join("");
    };
  };

  const write = (node, name, text) => {
    if (name === "#") node.textContent = text;
    else if (name[0] === "#") {
      const cells = text.split("\t");
      [...node.rows].forEach((row, i) => { row.cells[name.slice(1)].textContent = cells[i]; });
    } else if (text) node.setAttribute(name, text);
    else node.removeAttribute(name);
  };

  const explore = (figure) => {
    const find = (selector) => figure.querySelector(selector);
    const form = find("form"), caption = find("figcaption"), status = find(".status");
    const panels = find(".panels"), details = find("details");
    const data = JSON.parse(find("script").textContent);
    let slots, timer, shown = data.start;

    const open = () => {
      const groups = data.groups.map((text) => sum(integers(text), 1));
      slots = data.slots.map(([group, i, name, packed]) => {
        const node = find(`[data-i="${i}"]`), states = groups[group];
        const state = unpack(packed, node.getAttribute(name), data.scale);
        return { node, name, states, state, last: states[data.start] };
      });
    };

    const show = () => {
      const chosen = data.names.map((name) => +form.elements[name].value);
      const k = chosen.reduce((sum, i, c) => sum * data.texts[c].length + i, 0);
      if (k === shown && !slots) return;
      if (!slots) open();
      for (const slot of slots) {
        const s = slot.states[k];
        if (s === slot.last || (slot.name[0] === "#" && slot.name[1] && !details.open)) continue;
        slot.last = s;
        write(slot.node, slot.name, slot.state(s));
      }
      const setting = {};
      data.names.forEach((name, c) => {
        const text = (setting[name] = data.texts[c][chosen[c]]), input = form.elements[name];
        if (input.type !== "range") return;
        input.setAttribute("aria-valuetext", text);
        input.closest(".control").querySelector("output").value = text;
      });
      figure.dataset.setting = JSON.stringify(setting);
      panels.setAttribute("aria-label", `${figure.dataset.name}. ${caption.textContent}`);
      clearTimeout(timer);
      if (k !== shown) timer = setTimeout(() => { status.textContent = caption.textContent; }, PAUSE);
      shown = k;
    };

    for (const input of form.elements) input.disabled = false;
    form.addEventListener("input", show);
    form.addEventListener("submit", (event) => event.preventDefault());
    details?.addEventListener("toggle", show);
    addEventListener("pageshow", show); // a browser may have put the controls back where they were
    show();
  };

  const start = () => document.querySelectorAll("figure.explorer").forEach(explore);
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();
})();
