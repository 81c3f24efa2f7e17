// Python, in a worker of its own: it starts from files that it is handed, asks for nothing by
// address, and runs what it is told, one thing after another. main.js carries this file as text.
"use strict";

const NOWHERE = "https://python.invalid/"; // Pyodide wants an address; no request ever leaves
let python, page;
let current = null; // the number of the run to which what is printed belongs
const awaited = new Map(); // libraries that were asked for, with what goes on when they come

const answerFrom = (files) => async (request) => {
  const name = String(request.url ?? request).split("/").pop();
  if (name.endsWith(".wasm")) return new Response(); // it came compiled
  if (!files[name]) throw new Error(`${name} is not among the files`);
  return new Response(files[name]);
};

const evaluate = (source) => {
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  importScripts(address);
  URL.revokeObjectURL(address);
};

// The page has compiled the core already, and has it ready for a second start.
const useCompiled = (module) => {
  WebAssembly.instantiateStreaming = async (_, imports) => ({
    module,
    instance: await WebAssembly.instantiate(module, imports),
  });
};

// What runs here has no need of a network: whatever a reader imports cannot send anything by these.
const closeTheDoors = () => {
  for (const name of ["fetch", "XMLHttpRequest", "WebSocket", "EventSource", "WebTransport", "importScripts"]) {
    for (let owner = self; owner; owner = Object.getPrototypeOf(owner)) delete owner[name];
  }
};

const want = (library) =>
  new Promise((resolve) => {
    awaited.set(library, resolve);
    postMessage({ wants: library });
  });

const install = (archives) => {
  for (const archive of archives) python.unpackArchive(archive, "wheel");
};

// Python itself, while the page may still be loading what it will import.
const start = async ({ files, module }) => {
  self.fetch = answerFrom(files);
  useCompiled(module);
  for (const name of ["pyodide.asm.js", "pyodide.js"]) evaluate(files[name]);
  python = await loadPyodide({ indexURL: NOWHERE });
  closeTheDoors();
};

// What it imports, and the namespace of the page.
const furnish = ({ archives }) => {
  install(archives);
  const { Page, prepare } = python.pyimport("in_page");
  prepare();
  const tell = (told) => postMessage({ run: current, told: told.toJs({ dict_converter: Object.fromEntries }) });
  page = Page(tell, want);
  postMessage({ ready: true });
};

const run = async ({ run: number, method, parameters }) => {
  current = number;
  const came = await page[method](...parameters);
  postMessage({ run: number, result: came.toJs({ dict_converter: Object.fromEntries }) });
  came.destroy();
};

let queue = Promise.resolve();
self.onmessage = ({ data }) => {
  if (data.library) { // a run is waiting for it
    if (data.archives) install(data.archives);
    awaited.get(data.library)?.(Boolean(data.archives));
    return;
  }
  const act = data.files ? start : data.archives ? furnish : run;
  queue = queue.then(() => act(data)).catch((error) => postMessage({ fatal: String(error?.message ?? error) }));
};
