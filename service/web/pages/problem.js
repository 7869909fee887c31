/** @file Saying what went wrong, in the service's own words. */

import { append, h } from "./dom.js";

/**
 * @param {Error} error a Problem, Away, or what nobody foresaw
 * @param {() => void} [again] offered as a button
 * @returns {HTMLElement}
 */
export function problemBox(error, again) {
    const box = h("div.problem", { role: "alert" });
    if (error.title) append(box, h("strong", {}, error.title));
    append(box, h("p", {}, error.message));
    if (error.errors?.length > 1) {
        const faults = error.errors.map((fault) => h("li", {}, h("code", {}, fault.pointer || "/"), " ", fault.detail));
        append(box, h("ul", {}, faults));
    }
    if (again) append(box, h("button", { type: "button", onclick: again }, "Try again"));
    return box;
}
