import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

import { server } from "./server.js";

const run = promisify(execFile);
// The session is the sandbox, and its /dev/shm is small; DOM after the scripts have run, on standard output.
const options = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom"];

before(() => once(server.listen(0, "127.0.0.1"), "listening"));
after(() => server.close());

async function page(path) {
  const { port } = server.address();
  const { stdout } = await run(process.env.BROWSER, [...options, `http://127.0.0.1:${port}${path}`], { timeout: 60_000 });
  return stdout;
}

test("the browser shows the basket's total", async () => {
  assert.match(await page("/"), /<output id="total">17 in all<\/output>/);
});
