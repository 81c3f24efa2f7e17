// Usage: node purge_css.mjs SITE. Removes from every style sheet of the site the rules and the
// fonts that none of its pages uses; classes that the site's scripts set are found in the scripts.
// The sheet of all pages is written without blanks and comments.
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { transform } from "esbuild";
import { PurgeCSS } from "purgecss";

const site = process.argv[2];
const files = (await readdir(site, { recursive: true })).map((name) => join(site, name));
const ending = (...ends) => files.filter((name) => ends.some((end) => name.endsWith(end)));

// A font is used if a rule other than its own declaration names it. (purgecss has an option for
// this, but it does not see the `font` shorthand.) The theme's icon font is replaced by icons.css.
function dropFonts(css) {
  const face = /@font-face\s*{[^}]*?font-family:\s*["']?([^;"'}]+)["']?[^}]*}/g;
  const rules = css.replace(face, "");
  return css.replace(face, (whole, family) =>
    rules.includes(family) && !family.startsWith("Font Awesome") ? whole : "");
}

const results = await new PurgeCSS().purge({
  content: [...ending(".html"), ...ending(".js")],
  css: ending(".css"),
  keyframes: true,
  // States that the theme or the browser sets on elements that exist.
  safelist: { greedy: [/data-theme/, /data-mode/, /data-path/, /data-article/, /data-folds/, /dialog/, /:target/, /\[open\]/] },
});
const small = async (css) => (await transform(css, { loader: "css", minify: true })).code;
await Promise.all(results.map(async ({ file, css }) =>
  writeFile(file, file.endsWith("styles.css") ? await small(dropFonts(css)) : dropFonts(css))));
