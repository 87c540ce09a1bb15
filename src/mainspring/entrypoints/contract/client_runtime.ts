/** What keeps a session going with bearer tokens. */
export interface Tokens {
  accessToken: string;
  refreshToken: string;
}

export interface ClientOptions {
  /** Where the server is, without a slash at the end. */
  baseUrl: string;
  /** bearer keeps both tokens here; cookie leaves them to the browser and sends X-CSRF-Token. */
  transport?: "bearer" | "cookie";
  /** Tokens of an earlier session. */
  tokens?: Tokens;
  /** Told of new tokens, and of null when the session is over. */
  onTokens?: (tokens: Tokens | null) => void;
  /** Another fetch than that of the platform. */
  fetch?: typeof fetch;
  /** Headers of every request. */
  headers?: Record<string, string>;
}

export interface CallOptions {
  signal?: AbortSignal;
  /** The same key gets the first answer again; for operations that take Idempotency-Key. */
  idempotencyKey?: string;
  /** The ETag that a change is meant for. */
  ifMatch?: string;
  headers?: Record<string, string>;
}

/** An answer that is no success. `code` is stable; `requestId` is in the server's logs. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: ErrorCode;
  readonly details: unknown;
  readonly requestId: string | null;
  /** Seconds to wait, with 429 and 503. */
  readonly retryAfter: number | null;

  constructor(status: number, code: ErrorCode, message: string, details: unknown, requestId: string | null, retryAfter: number | null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.details = details;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
  }
}

type Query = Record<string, unknown>;

interface Call {
  method: string;
  path: string;
  pathValues?: Record<string, string | number>;
  query?: Query;
  body?: unknown;
  form?: boolean;
  /** Whether the operation needs a session, so that an expired one is refreshed. */
  guarded: boolean;
  /** Whether the answer is a redirect, which is handed over as it is. */
  redirects?: boolean;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function asText(values: Query): URLSearchParams {
  const text = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) text.append(name, String(one));
    }
  }
  return text;
}

async function errorOf(answer: Response): Promise<ApiError> {
  const wait = answer.headers.get("retry-after");
  const seconds = wait === null ? null : Number(wait);
  const requestId = answer.headers.get("x-request-id");
  let told: unknown = null;
  try {
    told = await answer.json();
  } catch {
    return new ApiError(answer.status, "UNREADABLE_ANSWER", answer.statusText, null, requestId, seconds);
  }
  const error = isRecord(told) && isRecord(told["error"]) ? told["error"] : {};
  const code = typeof error["code"] === "string" ? error["code"] : "UNREADABLE_ANSWER";
  const message = typeof error["message"] === "string" ? error["message"] : answer.statusText;
  return new ApiError(answer.status, code, message, error["details"] ?? null, requestId, seconds);
}

class Transport {
  private readonly options: ClientOptions;
  private readonly ask: typeof fetch;
  private tokens: Tokens | null;
  private csrfToken: string | null = null;
  private refreshing: Promise<boolean> | null = null;

  constructor(options: ClientOptions) {
    this.options = { ...options, baseUrl: options.baseUrl.replace(/\/+$/, "") };
    this.ask = options.fetch ?? ((input, init) => fetch(input, init));
    this.tokens = options.tokens ?? null;
  }

  get session(): Tokens | null {
    return this.tokens;
  }

  set session(tokens: Tokens | null) {
    this.tokens = tokens;
    this.options.onTokens?.(tokens);
  }

  private get usesCookies(): boolean {
    return this.options.transport === "cookie";
  }

  async call<T>(call: Call, options: CallOptions = {}): Promise<T> {
    const used = this.tokens;
    let answer = await this.send(call, options);
    if (answer.status === 401 && call.guarded && (await this.renewed(used))) {
      answer = await this.send(call, options);
    }
    if (call.redirects) return answer as T;
    if (!answer.ok) throw await errorOf(answer);
    if (answer.status === 204) return undefined as T;
    const isJson = (answer.headers.get("content-type") ?? "").includes("json");
    const value: unknown = isJson ? await answer.json() : await answer.text();
    this.remember(value);
    return value as T;
  }

  /** Forget the session; the server is told by the operation that ends it. */
  forget(): void {
    this.csrfToken = null;
    if (this.tokens !== null) this.session = null;
  }

  private async send(call: Call, options: CallOptions): Promise<Response> {
    const path = call.path.replace(/\{([^}]+)\}/g, (_, name: string) => encodeURIComponent(String(call.pathValues?.[name])));
    const query = call.query === undefined ? "" : asText(call.query).toString();
    const headers: Record<string, string> = { Accept: "application/json", ...this.options.headers, ...options.headers };
    const changes = call.method !== "GET" && call.method !== "HEAD";
    if (this.usesCookies) {
      if (changes && call.guarded && this.csrfToken === null) await this.askForCsrfToken(options.signal);
      if (changes && this.csrfToken !== null) headers["X-CSRF-Token"] = this.csrfToken;
    } else if (this.tokens !== null && call.path !== REFRESH.path) {
      headers["Authorization"] = `Bearer ${this.tokens.accessToken}`;
    }
    if (options.idempotencyKey !== undefined) headers["Idempotency-Key"] = options.idempotencyKey;
    if (options.ifMatch !== undefined) headers["If-Match"] = options.ifMatch;
    const init: RequestInit = { method: call.method, headers, redirect: call.redirects ? "manual" : "follow" };
    if (options.signal !== undefined) init.signal = options.signal;
    if (this.usesCookies) init.credentials = "include";
    if (call.body !== undefined) {
      headers["Content-Type"] = call.form ? "application/x-www-form-urlencoded" : "application/json";
      init.body = call.form && isRecord(call.body) ? asText(call.body).toString() : JSON.stringify(call.body);
    }
    return this.ask(`${this.options.baseUrl}${path}${query === "" ? "" : `?${query}`}`, init);
  }

  /** Whether there is a session that the refused request did not have: calls at the same time share one refresh. */
  private async renewed(used: Tokens | null): Promise<boolean> {
    if (!this.usesCookies) {
      if (used === null || this.tokens === null) return false;
      if (this.tokens.accessToken !== used.accessToken) return true;
    }
    this.refreshing ??= this.refresh().finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  private async refresh(): Promise<boolean> {
    if (this.usesCookies && this.csrfToken === null) await this.askForCsrfToken();
    const body = this.tokens === null ? undefined : { refreshToken: this.tokens.refreshToken };
    const answer = await this.send({ ...REFRESH, guarded: false, body }, {});
    if (answer.status === 401 || answer.status === 403) {
      this.forget();
      return false;
    }
    if (!answer.ok) throw await errorOf(answer);
    this.remember(await answer.json());
    return true;
  }

  private async askForCsrfToken(signal?: AbortSignal): Promise<void> {
    const answer = await this.send({ ...CSRF, guarded: false }, signal === undefined ? {} : { signal });
    if (answer.ok) this.remember(await answer.json());
  }

  private remember(value: unknown): void {
    if (!isRecord(value)) return;
    const { accessToken, refreshToken, csrfToken } = value;
    if (typeof accessToken === "string" && typeof refreshToken === "string" && !this.usesCookies) {
      this.session = { accessToken, refreshToken };
    }
    if (typeof csrfToken === "string") this.csrfToken = csrfToken;
  }
}

interface PageLike<T> {
  data: T[];
  pagination: { pages?: number; page?: number; nextCursor?: string | null };
}

/** Page after page: by cursor where the list knows one, else by number. */
async function* pagesOf<P extends PageLike<unknown>>(load: (query: Query) => Promise<P>, query: Query, byCursor: boolean): AsyncGenerator<P> {
  let next: Query | null = byCursor ? { ...query, cursor: query["cursor"] ?? "" } : { ...query, page: query["page"] ?? 1 };
  while (next !== null) {
    const page: P = await load(next);
    yield page;
    const { nextCursor, page: number, pages } = page.pagination;
    if (typeof nextCursor === "string") next = { ...query, page: undefined, cursor: nextCursor };
    else if (typeof number === "number" && typeof pages === "number" && number < pages) next = { ...query, page: number + 1 };
    else next = null;
  }
}

async function* itemsOf<T>(pages: AsyncGenerator<PageLike<T>>): AsyncGenerator<T> {
  for await (const page of pages) yield* page.data;
}
