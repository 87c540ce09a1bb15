// What a front end does with the generated client: compiled beside it under --strict, then run against a server.
import { ApiClient, ApiError, type Product, type Tokens, type User } from "./client.js";

declare const process: { argv: string[] };
const [, , url = "", email = "", password = ""] = process.argv;

async function refused(deed: () => Promise<unknown>): Promise<ApiError> {
  try {
    await deed();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

let refreshes = 0;
const counted: typeof fetch = (input, init) => {
  if (String(input).endsWith("/auth/refresh")) refreshes += 1;
  return fetch(input, init);
};

// A stranger: register, a typed error, an aborted call.
const stranger = new ApiClient({ baseUrl: url });
const person: User = await stranger.register({ body: { email: "client@example.com", password, name: "Ada Lovelace" } });
const unauthorized = await refused(() => stranger.getMe());
const invalid = await refused(() => stranger.register({ body: { email: "no address", password, name: "Ada" } }));
const gone = new AbortController();
gone.abort();
const aborted = await stranger.listProducts({}, { signal: gone.signal }).then(
  () => "answered",
  (error: unknown) => (error instanceof Error ? error.name : "unknown"),
);

// An administrator with bearer tokens.
const told: (Tokens | null)[] = [];
const client = new ApiClient({ baseUrl: url, fetch: counted, onTokens: (tokens) => told.push(tokens) });
const session = await client.login({ body: { email, password, transport: "bearer" } });
if (!("accessToken" in session)) throw new Error("no bearer session");
const wish = { name: "Lamp", category: "light", price: { amount: 1999, currency: "EUR" } };
const once: Product = await client.createProduct({ body: wish }, { idempotencyKey: "one-lamp" });
const again = await client.createProduct({ body: wish }, { idempotencyKey: "one-lamp" });
for (const number of [2, 3, 4, 5]) await client.createProduct({ body: { ...wish, name: `Lamp ${number}` } });
const names: string[] = [];
for await (const product of client.listProductsItems({ query: { limit: 2, sort: "name" } })) names.push(product.name);
let pages = 0;
for await (const page of client.listUsersPages({ query: { limit: 1 } })) pages += page.data.length;
const shown = await client.getProduct({ path: { id: once.id } });
const stale = await refused(() => client.updateProduct({ path: { id: once.id }, body: { name: "Torch" } }, { ifMatch: '"another"' }));

// Ten calls at the same time with an access token that the server refuses.
const before = client.tokens;
if (before === null) throw new Error("no tokens");
client.tokens = { ...before, accessToken: `${before.accessToken}x` };
const answers = await Promise.all(Array.from({ length: 10 }, () => client.getMe()));
const refreshesOfTen = refreshes;
const after = client.tokens;
await client.logout();
const loggedOut = await refused(() => client.getMe());

// The same with cookies, as in a browser.
const jar = new Map<string, string>();
const browser: typeof fetch = async (input, init) => {
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
  const answer = await counted(input, { ...init, headers: { ...init?.headers, cookie, "sec-fetch-site": "same-origin" } });
  for (const set of answer.headers.getSetCookie()) {
    const [pair = ""] = set.split(";");
    const [name = "", value = ""] = pair.split(/=(.*)/);
    if (value === "") jar.delete(name);
    else jar.set(name, value);
  }
  return answer;
};
const page = new ApiClient({ baseUrl: url, transport: "cookie", fetch: browser });
await page.login({ body: { email, password, transport: "cookie" } });
const reloaded = new ApiClient({ baseUrl: url, transport: "cookie", fetch: browser }); // knows no CSRF token yet
const byCookie = await reloaded.createProduct({ body: { ...wish, name: "Lamp 6" } });
jar.set("accessToken", "expired");
refreshes = 0;
const five = await Promise.all(Array.from({ length: 5 }, () => reloaded.getMe()));
const refreshesOfPage = refreshes;
await reloaded.logout();
const closed = await refused(() => reloaded.getMe());

console.log(
  JSON.stringify({
    person: person.email,
    unauthorized: [unauthorized.status, unauthorized.code, unauthorized.requestId !== null],
    invalid: [invalid.status, invalid.code, Array.isArray(invalid.details)],
    aborted,
    repeated: once.id === again.id,
    shown: shown.name,
    names,
    pages,
    stale: [stale.status, stale.code],
    answers: new Set(answers.map((me) => me.id)).size,
    refreshesOfTen,
    renewed: after !== null && after.refreshToken !== before.refreshToken,
    loggedOut: [loggedOut.status, client.tokens],
    told: told.map((tokens) => tokens !== null),
    byCookie: byCookie.name,
    five: five.length,
    refreshesOfPage,
    closed: closed.status,
  }),
);
