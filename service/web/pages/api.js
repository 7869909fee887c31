/** @file Asking the service: JSON in and out, problems (RFC 9457) as errors, and knowing when it is away. */

/** What the service says no with. `errors` are the wrong fields, by JSON pointer. */
export class Problem extends Error {
    /**
     * @param {number} status
     * @param {{title?: string, detail?: string, errors?: {pointer: string, detail: string}[], retry_after_seconds?: number}} body
     */
    constructor(status, body) {
        super(body.detail || body.title || `The service answered ${status}.`);
        this.name = "Problem";
        this.status = status;
        this.title = body.title || "";
        this.errors = Array.isArray(body.errors) ? body.errors : [];
        this.retryAfterSeconds = body.retry_after_seconds ?? null;
    }
}

/** The service did not answer at all, or not as itself. */
export class Away extends Error {
    constructor() {
        super("The service does not answer. This page tries again by itself.");
        this.name = "Away";
    }
}

/** Tells `away` when an answer does not come, and `back` when answers come again. */
export const connection = new EventTarget();
const GATEWAY = new Set([502, 504]);
let isAway = false;

/**
 * @param {string} path
 * @param {{method?: string, json?: unknown, body?: BodyInit, headers?: Record<string, string>, signal?: AbortSignal}} [options]
 * @returns {Promise<Response>} one that is not an error, or 304
 */
export async function ask(path, { method = "GET", json, body, headers = {}, signal } = {}) {
    const sent = { Accept: "application/json", ...headers };
    if (json !== undefined) sent["Content-Type"] = "application/json";
    let response;
    try {
        response = await fetch(path, { method, headers: sent, body: json === undefined ? body : JSON.stringify(json), signal });
    } catch (error) {
        if (signal?.aborted) throw error;
        lost();
        throw new Away();
    }
    if (GATEWAY.has(response.status)) {
        lost();
        throw new Away();
    }
    if (!response.ok && response.status !== 304) throw new Problem(response.status, await problemIn(response));
    return response;
}

/** As `ask`, and read the JSON of the answer. */
export async function askJson(path, options) {
    const response = await ask(path, options);
    return response.status === 204 ? null : response.json();
}

async function problemIn(response) {
    try {
        return await response.json();
    } catch {
        return {};
    }
}

function lost() {
    if (isAway) return;
    isAway = true;
    connection.dispatchEvent(new Event("away"));
    void findAgain();
}

async function findAgain() {
    for (let seconds = 1; isAway; seconds = Math.min(seconds * 1.5, 15)) {
        await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
        try {
            isAway = !(await fetch("/livez", { cache: "no-store" })).ok;
        } catch {
            // still away
        }
    }
    connection.dispatchEvent(new Event("back"));
}

/** Return `/v1/…` of parts that are encoded, and a query whose empty values are left out. */
export function path(parts, query = {}) {
    const pairs = Object.entries(query).flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
    const kept = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
    const search = new URLSearchParams(kept.map(([name, value]) => [name, String(value)])).toString();
    return `/v1/${parts.map((part) => encodeURIComponent(part)).join("/")}${search ? `?${search}` : ""}`;
}

/** Return a key for a POST that creates: the same request sent again with it is carried out once. */
export function freshKey() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
