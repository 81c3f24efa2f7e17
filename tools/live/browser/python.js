// Python for the page: it is loaded and started when first needed, runs one thing after another,
// and can be stopped, which ends its worker and starts another.
import WORKER from "text:./worker.js";
import { Damaged, Packs, all } from "./pack.js";

const CORE = ["pyodide.asm.js", "pyodide.js", "python_stdlib.zip", "pyodide-lock.json"];
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
const PLACE = location.protocol === "file:" ? "from the folder of this page" : `from ${location.host}`;

export class Stopped extends Error {}
export class Died extends Error {}

export class Python {
  // `ask` is asked whether a library may be fetched from an address that is not the book's.
  constructor(folder, build, ask) {
    Object.assign(this, { packs: new Packs(folder, build), ask, runs: new Map(), number: 0 });
    this.listeners = []; // of what is gone when a worker ends
    this.turn = Promise.resolve();
  }

  // ---------------------------------------------------------------- loading

  // All that a worker is started with: Python itself, and, as they may come later, the libraries.
  // What was loaded is kept for the next worker.
  async load(say) {
    const { packs, python, numpy } = await this.packs.contents();
    const names = numpy.packed ? ["core", "numpy"] : ["core"];
    const weight = names.reduce((sum, name) => sum + packs[name].weight, 0);
    const size = names.reduce((sum, name) => sum + packs[name].size, 0);
    const what = numpy.packed ? `Python ${python} and NumPy ${numpy.version}` : `Python ${python}`;
    let come = 0;
    const heard = (bytes) => {
      come += bytes;
      say(`Loading ${what}: ${megabytes(weight)}, ${PLACE}. Once; no network is needed afterwards.`, (0.8 * come) / size);
    };
    heard(0);
    const core = await this.packs.files("core", heard);
    const more = numpy.packed ? await this.packs.files("numpy", heard) : {};
    const compiled = core["pyodide.asm.wasm"].then((bytes) => WebAssembly.compile(bytes));
    const libraries = Object.entries({ ...core, ...more }).filter(([name]) => name.endsWith(".whl"));
    const archives = all(Object.fromEntries(libraries)).then(Object.values);
    archives.catch(() => {}); // it is waited for when Python has started
    const parts = all(Object.fromEntries(CORE.map((name) => [name, core[name]])));
    const [files, module] = await Promise.all([parts, compiled]);
    const fetched = numpy.packed ? [] : await this.fetchNumpy(numpy, say);
    return { files, module, archives: archives.then((own) => [...own, ...fetched]) };
  }

  // NumPy from where Pyodide publishes it, if the reader agrees. The browser compares the checksum.
  async fetchNumpy({ version, address, size, integrity }, say) {
    if (!(await this.ask({ what: `NumPy ${version}`, size: megabytes(size), address }))) return [];
    say(`Fetching NumPy ${version}: ${megabytes(size)} from ${new URL(address).host}.`, 0.8);
    try {
      const answer = await fetch(address, { integrity, referrerPolicy: "no-referrer", credentials: "omit" });
      return [await answer.arrayBuffer()];
    } catch {
      throw new Unreachable(address);
    }
  }

  // ---------------------------------------------------------------- starting

  // Start unless it has been started; `say` hears how far it is, and whoever asked before no more.
  ready(say = () => {}) {
    this.say = say;
    this.starting ??= this.start((...how) => this.say(...how)).catch((error) => {
      this.worker?.terminate();
      this.worker = this.starting = null;
      throw error;
    });
    return this.starting;
  }

  async start(say) {
    this.loaded ??= await this.load(say);
    this.loaded.archives.then(() => say("Starting Python.", 0.85), () => (this.loaded = null));
    const worker = new Worker(URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" })));
    this.worker = worker;
    await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => {
        if (data.ready) resolve();
        else if (data.fatal) reject(new Died(data.fatal));
      };
      worker.onerror = (event) => (event.preventDefault(), reject(new Died(event.message)));
      this.refuse = reject;
      const { files, module, archives } = this.loaded;
      worker.postMessage({ files, module });
      archives.then((archives) => worker.postMessage({ archives }), reject);
    });
    worker.onmessage = ({ data }) => this.hear(data);
    worker.onerror = (event) => (event.preventDefault(), this.end(new Died(event.message)));
    this.started = true;
    say("Python is ready.", 1);
  }

  // ---------------------------------------------------------------- running

  // Run when its turn has come, and return what came of it; `told` gets what is printed meanwhile.
  // After `seconds` it is ended.
  run(method, parameters, options) {
    const done = this.turn.then(() => this.runNow(method, parameters, options));
    this.turn = done.catch(() => {});
    return done;
  }

  async runNow(method, parameters, { seconds, told = () => {}, say }) {
    const stopped = new Promise((_, reject) => (this.giveUp = reject));
    await Promise.race([this.ready(say), stopped]);
    const run = ++this.number;
    return new Promise((resolve, reject) => {
      const late = () => this.end(new Stopped(`It was stopped after ${seconds} seconds.`));
      const timer = setTimeout(late, 1000 * seconds);
      const settle = (act) => (value) => (clearTimeout(timer), this.runs.delete(run), act(value));
      this.runs.set(run, { resolve: settle(resolve), reject: settle(reject), told });
      this.worker.postMessage({ run, method, parameters });
    });
  }

  async hear(data) {
    if (data.wants) return this.bring(data.wants);
    if (data.fatal) return this.end(new Died(data.fatal));
    const run = this.runs.get(data.run);
    if (data.told) run?.told(data.told);
    else run?.resolve(data.result);
  }

  // A library that a run is waiting for.
  async bring(library) {
    const worker = this.worker, { packs, brings } = await this.packs.contents();
    const pack = brings[library];
    try {
      const archives = packs[pack] && Object.values(await all(await this.packs.files(pack)));
      worker.postMessage({ library, archives });
    } catch {
      worker.postMessage({ library }); // Python says that there is no such module
    }
  }

  // End the worker. Whatever was running is told why; the names of the page are gone. Loading, for
  // which nobody waits then, goes on.
  end(reason) {
    this.giveUp?.(reason);
    if (!this.worker) return;
    this.worker.terminate();
    this.worker = this.starting = null;
    this.started = false;
    this.refuse?.(reason);
    for (const { reject } of [...this.runs.values()]) reject(reason);
    for (const listener of this.listeners) listener();
    if (reason instanceof Stopped) this.ready().catch(() => {}); // the next press need not wait
  }
}

// An address at which nothing could be fetched.
export class Unreachable extends Error {}

// What to say of an error, and what the reader can do.
export const explain = (error) => {
  if (error instanceof Damaged) {
    return `The file python/${error.message}.js is missing, or it is not whole, or it belongs to another copy of the book. Reload the page; if that does not help, copy the whole folder of the book again.`;
  }
  if (error instanceof Unreachable) {
    return `NumPy could not be fetched from ${error.message}: there is no network, or what came was not what Pyodide published. Press again to try again. Without a network, read a copy of the book that has NumPy in it (make book BOOK_WHEELS=FOLDER).`;
  }
  if (error instanceof Stopped) return `${error.message} What the page's cells had computed is gone: Run computes it again, from the top.`;
  if (!(error instanceof Died)) console.error(error);
  return `Python ended: ${error.message}. It may have run out of memory. Press again to start anew; what you have written is still here.`;
};
