import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const kinds = { html: "text/html", js: "text/javascript" };
const basket = [
  { price: 3, quantity: 4 },
  { price: 5, quantity: 1 },
];

async function answer(request, response) {
  if (request.url === "/basket") {
    return response.setHeader("content-type", "application/json").end(JSON.stringify(basket));
  }
  const name = request.url === "/" ? "index.html" : request.url.slice(1);
  if (!/^\w+\.(html|js)$/.test(name)) {
    return response.writeHead(404).end();
  }
  const file = await readFile(new URL(`page/${name}`, import.meta.url)).catch(() => null);
  return file === null
    ? response.writeHead(404).end()
    : response.setHeader("content-type", kinds[name.split(".").pop()]).end(file);
}

export const server = createServer(answer);
