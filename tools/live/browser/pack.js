// The files that Python needs, from scripts: a page on a disk may load scripts, and nothing else.
//
// A pack is a row of bytes in pieces, each the base64 of one script; the contents say which file
// lies where in it. Every file is gzipped, and so carries its own checksum.

const script = (src) =>
  new Promise((resolve, reject) => {
    const element = document.createElement("script");
    Object.assign(element, { src, onload: resolve, onerror: reject });
    document.head.append(element);
  });

const bytesOf = (base64) => {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
};

const unzipped = (parts) =>
  new Response(new Blob(parts).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();

// A file that is not there, not whole, or of another build; its name is the message.
export class Damaged extends Error {}

export class Packs {
  constructor(folder, build) {
    Object.assign(this, { folder, build, parts: new Map() });
  }

  async load(name) {
    try {
      await script(`${this.folder}${name}.js?v=${this.build}`);
    } catch {
      throw new Damaged(name);
    }
  }

  // What there is: versions, sizes, packs. It is read once.
  async contents() {
    if (!this.table) {
      await this.load("contents");
      const table = window.PYTHON_PACK?.contents;
      if (table?.build !== this.build) throw new Damaged("contents");
      this.table = table;
    }
    return this.table;
  }

  // The bytes of a piece. One that has come is not asked for again; one that failed is.
  piece({ name, size }) {
    const take = async () => {
      await this.load(name);
      try {
        const { pieces } = window.PYTHON_PACK, bytes = bytesOf(pieces[name]);
        delete pieces[name];
        if (bytes.length === size) return bytes;
      } catch {
        // no base64, or nothing at all
      }
      throw new Damaged(name);
    };
    if (!this.parts.has(name)) this.parts.set(name, take());
    const part = this.parts.get(name);
    part.catch(() => this.parts.delete(name));
    return part;
  }

  // The files of a pack, as promises by name: each is there as soon as its own pieces are.
  // `heard` is told of every piece that has come, in bytes.
  async files(pack, heard = () => {}) {
    const { pieces, files } = (await this.contents()).packs[pack];
    const parts = pieces.map(async (piece) => {
      const bytes = await this.piece(piece);
      heard(piece.size);
      return bytes;
    });
    const open = async (name, rows) => {
      const cut = async ([piece, from, to]) => (await parts[piece]).subarray(from, to);
      const own = await Promise.all(rows.map(cut));
      return unzipped(own).catch(() => { throw new Damaged(name); });
    };
    const opened = Object.entries(files).map(([name, rows]) => [name, open(name, rows)]);
    const forget = () => pieces.forEach(({ name }) => this.parts.delete(name));
    Promise.all(opened.map(([, file]) => file)).then(forget, () => {}); // pieces of a part are kept
    return Object.fromEntries(opened);
  }
}

// Wait for files by name.
export const all = async (files) => {
  const entries = Object.entries(files).map(async ([name, file]) => [name, await file]);
  return Object.fromEntries(await Promise.all(entries));
};
