/** @file Which view the address names: everything after `#` is the address, so that it can be reloaded, kept and shared. */

import { Away, connection } from "./api.js";
import { announce, h, replace } from "./dom.js";
import { problemBox } from "./problem.js";

/**
 * @typedef {object} Place what a view is given
 * @property {Record<string, string>} params parts of the path
 * @property {URLSearchParams} query
 * @property {AbortSignal} signal aborted when the view is left
 * @property {(title: string) => void} title names the page
 *
 * @typedef {(place: Place) => Promise<Node[]>} View resolves to its content once that can be shown
 */

/** @type {{pattern: RegExp, section: string, load: () => Promise<{view: View}>}[]} */
const ROUTES = [
    { pattern: /^\/$/, section: "draw", load: () => import("./views/draw.js") },
    { pattern: /^\/trainings$/, section: "trainings", load: () => import("./views/trainings.js") },
    { pattern: /^\/trainings\/new$/, section: "trainings", load: () => import("./views/submit.js") },
    { pattern: /^\/trainings\/(?<id>[^/]+)$/, section: "trainings", load: () => import("./views/training.js") },
    { pattern: /^\/compare$/, section: "trainings", load: () => import("./views/compare.js") },
    { pattern: /^\/models$/, section: "models", load: () => import("./views/models.js") },
    { pattern: /^\/datasets$/, section: "datasets", load: () => import("./views/datasets.js") },
    { pattern: /^\/datasets\/(?<name>[^/]+)$/, section: "datasets", load: () => import("./views/dataset.js") },
];

let leaving = new AbortController();
let isFirst = true;

/** Show what the address names, now and whenever it changes. */
export function start() {
    addEventListener("hashchange", () => {
        if (location.hash.startsWith("#/") || location.hash === "") void show();
    });
    document.querySelector(".skip")?.addEventListener("click", (event) => {
        event.preventDefault();
        document.getElementById("main").focus();
    });
    void show();
}

/** Go to another view. */
export function go(address) {
    location.hash = address;
}

/** Change the query of the address without leaving the view. */
export function remember(query) {
    const [route] = address();
    const search = query.toString();
    history.replaceState(null, "", `#${route}${search ? `?${search}` : ""}`);
}

function address() {
    const [route, search = ""] = (location.hash.slice(1) || "/").split("?", 2);
    return [route, new URLSearchParams(search)];
}

async function show() {
    leaving.abort();
    leaving = new AbortController();
    const { signal } = leaving;
    const [route, query] = address();
    const found = ROUTES.find(({ pattern }) => pattern.test(route));
    mark(found?.section);
    const main = document.getElementById("main");
    const waiting = setTimeout(() => replace(main, skeleton()), 150);
    signal.addEventListener("abort", () => clearTimeout(waiting));
    try {
        const content = found ? await made(found, route, query, signal) : nothing();
        if (signal.aborted) return;
        replace(main, content);
    } catch (error) {
        if (signal.aborted) return;
        entitle("Problem");
        replace(main, h("h1", { tabindex: -1 }, "This did not work"), problemBox(error, () => void show()));
        if (error instanceof Away) connection.addEventListener("back", () => void show(), { once: true, signal });
    }
    clearTimeout(waiting);
    arrive(main);
}

async function made({ pattern, load }, route, query, signal) {
    const params = {};
    for (const [name, value] of Object.entries(pattern.exec(route).groups ?? {})) params[name] = decoded(value);
    const { view } = await load();
    return view({ params, query, signal, title: entitle });
}

function decoded(text) {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}

function nothing() {
    entitle("Not found");
    return [h("h1", { tabindex: -1 }, "There is nothing here"), h("p", {}, h("a", { href: "#/" }, "Go to the start"), ".")];
}

function entitle(title) {
    document.title = title === "Cyfra" ? title : `${title} · Cyfra`;
}

/** Put the focus at the top of a new view, but leave it alone at the first. */
function arrive(main) {
    if (!isFirst) {
        scrollTo(0, 0);
        (main.querySelector("h1[tabindex]") ?? main).focus({ preventScroll: true });
        announce(document.title);
    }
    isFirst = false;
}

function mark(section) {
    for (const link of document.querySelectorAll("nav [data-section]")) {
        if (link.dataset.section === section) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
    }
}

function skeleton() {
    return h("div.skeleton", { "aria-hidden": "true" }, h("i"), h("i"), h("i"));
}
