// Usage: node bundle.mjs FOLDER. Writes live.js and katex.js, what a page loads after a press.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const source = join(dirname(fileURLToPath(import.meta.url)), "browser");

// `import source from "text:./file.js"`: the file, minified, as a string.
const asText = {
  name: "text",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^text:/ }, ({ path }) => ({ path: join(source, path.slice(5)), namespace: "text" }));
    onLoad({ filter: /.*/, namespace: "text" }, async ({ path }) => {
      const { outputFiles } = await build({ entryPoints: [path], minify: true, write: false });
      return { contents: outputFiles[0].text, loader: "text" };
    });
  },
};

await build({
  entryPoints: { live: join(source, "main.js"), katex: join(source, "katex.js") },
  outdir: process.argv[2],
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  legalComments: "inline",
  plugins: [asText],
  logLevel: "warning",
});
