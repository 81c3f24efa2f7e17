// Usage: node firefox.mjs FIREFOX SITE. Opens every page of the site in Firefox as a file, moves every
// slider, answers a question, filters the ledger and makes the window as narrow as a small phone.
// Prints what each page has and what went wrong.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import puppeteer from "puppeteer-core";

const [firefox, site] = process.argv.slice(2);
const browser = await puppeteer.launch({ browser: "firefox", executablePath: firefox, headless: true });
const page = await browser.newPage();
await page.setViewport({ width: 1280, height: 800 });

let faults = [];
page.on("console", (message) => ["error", "warn"].includes(message.type()) && faults.push(message.text()));
page.on("pageerror", (error) => faults.push(String(error)));
page.on("requestfailed", (request) => faults.push(`failed: ${request.url()}`));

// Nothing is folded: what a section hides cannot be operated.
await page.evaluateOnNewDocument(() => {
  if (location.protocol === "file:")
    localStorage.setItem("bptt-lab.reading", '{"path": "all", "article": true}');
});

// Firefox lays a long page out while it still reads it, and then tells of a formula that is half there.
const HALF_THERE = "Incorrect number of children";
async function checkFormulas() {
  const wrong = await page.evaluate(() => {
    const parts = { mfrac: 2, mroot: 2, mover: 2, msub: 2, msup: 2, munder: 2, msubsup: 3, munderover: 3 };
    return [...document.querySelectorAll(Object.keys(parts).join())]
      .filter((one) => one.childElementCount !== parts[one.localName])
      .map((one) => `${one.localName} has ${one.childElementCount} children: ${one.textContent}`);
  });
  faults = [...faults.filter((fault) => !fault.includes(HALF_THERE)), ...wrong];
}

async function moveSliders() {
  const sliders = await page.$$("figure.explorer input[type=range]");
  for (const slider of sliders) {
    const setting = () => slider.evaluate((one) => one.closest("figure").dataset.setting);
    await slider.focus();
    await page.keyboard.press("Home");
    const first = await setting();
    await page.keyboard.press("End");
    if (first === (await setting())) faults.push(`a slider changes nothing: ${first}`);
  }
  return sliders.length;
}

async function answer() {
  const form = await page.$(".question");
  if (!form) return 0;
  for (const part of ["input", "button"]) await form.$eval(part, (one) => one.click());
  const said = await form.$eval(".feedback", (one) => one.textContent.trim());
  if (!said) faults.push("a question says nothing");
  return said.length;
}

async function filter() {
  const field = await page.$(".claims-filter input[type=search], .claims-filter input[name=words]");
  if (!field) return 0;
  const shown = () => page.$$eval("details.claim", (all) => all.filter((one) => one.checkVisibility()).length);
  const all = await shown();
  await field.type("Lyapunov");
  const some = await shown();
  if (!(some > 0 && some < all)) faults.push(`the filter leaves ${some} of ${all}`);
  return some;
}

// Sections clip what leaves them, so it is not enough that the page does not scroll sideways.
async function fitPhone() {
  await page.setViewport({ width: 332, height: 640 }); // 320 and the scroll bar
  const wide = await page.evaluate(async () => {
    for (const fold of document.querySelectorAll("details")) fold.open = true;
    for (const part of document.querySelectorAll("section")) part.style.contentVisibility = "visible";
    await document.fonts.ready;
    const right = document.documentElement.clientWidth + 1;
    const texts = document.querySelectorAll(".bd-article :is(p, li, dt, dd, h1, h2, h3, span.math .base)");
    const outside = [...texts].filter((one) => one.getBoundingClientRect().right > right);
    const own = outside.filter((one) => !one.closest("table, pre, .output, div.math, .katex-mathml"));
    const high = [...document.querySelectorAll(".bd-article :is(div, td, pre)")].filter(
      (one) => one.scrollHeight > one.clientHeight && getComputedStyle(one).overflowY === "auto",
    );
    return [...own, ...high].map((one) => one.textContent.trim().slice(0, 60));
  });
  for (const text of wide) faults.push(`leaves a small screen, or its place there: ${text}`);
  await page.setViewport({ width: 1280, height: 800 });
}

const found = {};
const names = readdirSync(site, { recursive: true }).filter((name) => name.endsWith(".html"));
for (const name of names.sort()) {
  faults = [];
  try {
    await page.goto(pathToFileURL(join(site, name)).href, { waitUntil: "load" });
    await checkFormulas();
    found[name] = { sliders: await moveSliders(), answer: await answer(), rows: await filter(), faults };
    await fitPhone();
  } catch (error) {
    found[name] = { faults: [...faults, String(error)] };
  }
}
console.log(JSON.stringify(found));
await browser.close();
