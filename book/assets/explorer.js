// The explorers of a page: what bptt_lab/book/explorer.py packed is unpacked when a control moves.
"use strict";
(() => {
  const PAUSE = 500; // ms of rest before a screen reader is told: not at every step of a drag
  const TICK = 1600; // ms that a value stays on screen while a slider plays

  // Integers written as text: zigzag, base 32 with the lowest digits first, offset 63.
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

  // Undo a difference, in a table with rows of `width`: along its rows, or down its columns.
  const sumAlong = (table, width) => {
    for (let i = 1; i < table.length; i++) if (i % width) table[i] += table[i - 1];
  };
  const sumDown = (table, width) => {
    for (let i = width; i < table.length; i++) table[i] += table[i - width];
  };
  const increasing = (text) => {
    const values = integers(text);
    sumDown(values, 1);
    return values;
  };

  // What the other settings show may lie beside the page, in a script that gives itself the data.
  const load = (src) =>
    new Promise((onload, onerror) => {
      const script = Object.assign(document.createElement("script"), { src, onload, onerror });
      document.head.append(script);
    }).then(({ target }) => target.data);

  // A function from the number of a state to its text, whose other parts are those of `text`.
  const states = (packed, text, scale) => {
    if (Array.isArray(packed)) return (state) => packed[state];
    const places = increasing(packed.at), table = integers(packed.is), width = places.length;
    for (let i = 0; i < packed.by[1]; i++) sumAlong(table, width);
    for (let i = 0; i < packed.by[0]; i++) sumDown(table, width);
    const parts = text.split(/(-?\d+(?:\.\d+)?)/); // the numbers are at odd places
    return (state) => {
      for (let i = 0; i < width; i++) parts[2 * places[i] + 1] = table[state * width + i] / scale;
      return parts.join("");
    };
  };

  // "#" stands for the text of a node, "#1" for a column of a table, else it is an attribute.
  const write = (node, name, text) => {
    if (name === "#") node.textContent = text;
    else if (name[0] === "#") {
      const column = name.slice(1), cells = text.split("\t");
      cells.forEach((cell, row) => (node.rows[row].cells[column].textContent = cell));
    } else if (text) node.setAttribute(name, text);
    else node.removeAttribute(name);
  };

  // A button moves its slider along; whoever wants less motion takes one step at a time with it.
  const play = (button, show) => {
    const input = button.closest(".control").querySelector("input");
    const calm = matchMedia("(prefers-reduced-motion: reduce)");
    let clock;

    const ended = () => input.value === input.max;
    const stop = () => {
      clearInterval(clock);
      clock = undefined;
      button.textContent = calm.matches ? "Next" : "Play";
    };
    const step = () => {
      input.value = ended() ? input.min : Number(input.value) + 1;
      show();
      if (ended()) stop();
    };

    button.addEventListener("click", () => {
      if (clock) return stop();
      step();
      if (calm.matches || ended()) return;
      button.textContent = "Pause";
      clock = setInterval(step, TICK);
    });
    button.closest(".controls").addEventListener("input", stop); // the reader takes over
    calm.addEventListener("change", stop);
    stop();
  };

  // A slider, or the radio buttons of a group as if they were one.
  const control = ([first, ...more]) =>
    first.type === "range"
      ? first
      : {
          get value() {
            return [first, ...more].find((one) => one.checked).value;
          },
          set value(value) {
            [first, ...more].find((one) => one.value === String(value)).checked = true;
          },
        };

  const explore = (figure) => {
    const find = (selector) => figure.querySelector(selector);
    const [controls, panels, caption] = [".controls", ".panels", "figcaption"].map(find);
    const [status, details] = [".status", "details"].map(find);
    const { dataset, textContent } = find("script"), data = JSON.parse(textContent);
    const inputs = data.controls.map(({ name }) => control(controls.querySelectorAll(`[name$="-${name}"]`)));
    const presets = figure.querySelectorAll(".presets button");
    let slots, preparing, timer, shown = data.start;

    const unpack = (packed) => {
      const groups = packed.groups.map(increasing);
      return packed.slots.map(([group, place, name, values]) => {
        const node = find(`[data-i="${place}"]`), frames = groups[group];
        const text = states(values, node.getAttribute(name) ?? "", packed.scale);
        return { node, name, frames, text, state: frames[data.start] };
      });
    };

    const prepare = () => {
      if (dataset.src) preparing ??= fetched();
      else slots ??= unpack(data);
    };

    const fetched = async () => {
      const packed = await load(dataset.src).catch(() => null);
      status.textContent = packed ? "" : "What the figure shows at other settings could not be loaded.";
      status.classList.toggle("fault", !packed);
      if (!packed) return (preparing = undefined); // the next step asks again
      slots = unpack(packed);
      draw(); // the reader may have moved on
    };

    const draw = () => {
      prepare();
      for (const slot of slots ?? []) {
        const state = slot.frames[shown], unseen = slot.node.rows && !details.open;
        if (state === slot.state || unseen) continue;
        write(slot.node, slot.name, slot.text(state));
        slot.state = state;
      }
      panels.setAttribute("aria-label", `${figure.dataset.name}. ${caption.textContent}`);
    };

    const label = (chosen) => {
      const setting = {};
      data.controls.forEach(({ name, texts }, i) => {
        const text = (setting[name] = texts[chosen[i]]), input = inputs[i];
        if (input.type !== "range") return;
        input.setAttribute("aria-valuetext", text);
        input.closest(".control").querySelector("output").value = text;
      });
      for (const preset of presets) preset.ariaPressed = String(preset.value === chosen.join(" "));
      figure.dataset.setting = JSON.stringify(setting);
    };

    const tell = async () => {
      await preparing;
      if (slots) status.textContent = caption.textContent;
    };

    const show = () => {
      const chosen = inputs.map((input) => Number(input.value));
      const frame = chosen.reduce((sum, i, c) => sum * data.controls[c].texts.length + i, 0);
      if (frame === shown) return;
      shown = frame;
      label(chosen);
      draw();
      clearTimeout(timer);
      timer = setTimeout(tell, PAUSE);
    };

    const choose = (preset) => {
      preset.value.split(" ").forEach((choice, i) => (inputs[i].value = choice));
      controls.dispatchEvent(new Event("input"));
    };

    // A setting can be linked to: #SECTION~name=value~name=value.
    const section = figure.closest("section[id]");
    const anchor = section && (section.querySelector(":scope > span[id]") ?? section).id;
    const address = () => {
      const texts = data.controls.map(({ name, texts }, i) => `${name}=${encodeURIComponent(texts[inputs[i].value])}`);
      return `#${[anchor, ...texts].join("~")}`;
    };

    const follow = () => {
      const [id, ...parts] = location.hash.slice(1).split("~").map(decodeURIComponent);
      if (!parts.length || id !== anchor) return;
      const asked = Object.fromEntries(parts.map((part) => part.split(/=(.*)/s)));
      const choice = data.controls.map(({ name, texts }) => texts.indexOf(asked[name]));
      if (choice.includes(-1)) return; // it is for another figure of this section, or of another edition
      choice.forEach((chosen, i) => (inputs[i].value = chosen));
      show();
      figure.scrollIntoView({ block: "center" });
    };

    const copy = async ({ target }) => {
      history.replaceState(history.state, "", address());
      const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
      target.textContent = copied ? "Link copied" : "The link is in the address bar";
      setTimeout(() => (target.textContent = "Copy link"), 3000);
    };

    const actions = Object.assign(document.createElement("div"), { className: "actions" });
    const offer = (className, textContent, title, act) => {
      const properties = { type: "button", className, textContent, title };
      const button = Object.assign(document.createElement("button"), properties);
      button.addEventListener("click", act);
      actions.append(button);
      return button;
    };

    // For a projector: nothing but the figure, and large. Escape leaves it, as ever.
    const isFull = () => document.fullscreenElement === figure;
    const fill = () => (isFull() ? document.exitFullscreen() : figure.requestFullscreen());

    if (anchor) {
      if (document.fullscreenEnabled) {
        const button = offer("full-screen", "Full screen", "This figure alone, for a projector", fill);
        figure.addEventListener("fullscreenchange", () => {
          button.textContent = isFull() ? "Leave full screen" : "Full screen";
        });
      }
      offer("copy-link", "Copy link", "A link to this setting", copy);
      figure.append(actions);
      addEventListener("hashchange", follow);
    }
    for (const element of [...controls.querySelectorAll("input, button"), ...presets]) element.disabled = false;
    for (const button of controls.querySelectorAll(".play")) play(button, show);
    for (const preset of presets) preset.addEventListener("click", () => choose(preset));
    find(".note").remove();
    controls.addEventListener("input", show);
    details?.addEventListener("toggle", draw);
    addEventListener("pageshow", show); // the browser may have put controls back where they were
    show();
    follow();
    return prepare;
  };

  // What comes near the screen is unpacked, so that the first step is quick too.
  const whenIdle = window.requestIdleCallback ?? setTimeout;
  const prepares = new Map();
  const near = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        whenIdle(prepares.get(target));
      }
    },
    { rootMargin: "100% 0%" },
  );

  // The same explorer twice has the same names, and would have one group of radio buttons.
  const separate = (figure, number) => {
    for (const radio of figure.querySelectorAll("input[type=radio]")) {
      if ([...document.getElementsByName(radio.name)].every((one) => figure.contains(one))) continue;
      radio.name = `${number}-${radio.name}`;
      radio.checked = radio.defaultChecked;
    }
  };

  const start = () =>
    document.querySelectorAll("figure.explorer").forEach((figure, number) => {
      separate(figure, number);
      prepares.set(figure, explore(figure));
      near.observe(figure);
    });
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();
})();
