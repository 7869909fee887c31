/** @file Probabilities as bars, which move as answers come. */

import { h } from "./dom.js";
import { chance } from "./format.js";

const MOST = 10;

/** Up to ten classes keep their order and place; of more, the most probable are shown, best first. */
export class Bars {
    /** @type {Map<string, {row: HTMLElement, track: HTMLElement, value: HTMLElement}>} */
    #rows = new Map();

    constructor() {
        this.element = h("ol.bars", { "aria-label": "Probabilities" });
    }

    /** @param {Record<string, number>} probabilities of every class */
    show(probabilities) {
        const entries = chosen(Object.entries(probabilities));
        const names = entries.map(([name]) => name);
        if (names.length !== this.#rows.size || names.some((name) => !this.#rows.has(name))) this.#build(names);
        const best = Math.max(...entries.map(([, share]) => share));
        for (const [name, share] of entries) {
            const { row, track, value } = this.#rows.get(name);
            row.classList.toggle("best", share === best && share > 0);
            track.style.setProperty("--share", share.toFixed(4));
            value.textContent = chance(share);
            this.element.append(row);
        }
    }

    /** Show the classes with nothing said about any. */
    rest(names) {
        this.#build(names.slice(0, MOST));
    }

    #build(names) {
        this.#rows.clear();
        this.element.replaceChildren();
        const longest = Math.min(9, Math.max(1, ...names.map((name) => name.length * 0.62)));
        this.element.style.setProperty("--names", `${longest}em`);
        for (const name of names) {
            const track = h("i");
            const value = h("span.value", {}, "–");
            const row = h("li", {}, h("span.name", { title: name }, name), h("span.track", { "aria-hidden": "true" }, track), value);
            this.#rows.set(name, { row, track, value });
            this.element.append(row);
        }
    }
}

function chosen(entries) {
    if (entries.length <= MOST) return entries;
    return entries.sort((one, other) => other[1] - one[1]).slice(0, MOST);
}

