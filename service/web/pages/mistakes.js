/** @file The test pictures that a network got wrong: all of them, or those of one cell; each can be looked at closely. */

import { askJson, path } from "./api.js";
import { commandBox, curl } from "./curl.js";
import { opened } from "./dialog.js";
import { h, replace } from "./dom.js";
import { chance, count, counted } from "./format.js";
import { problemBox } from "./problem.js";
import { pictureOf } from "./seen.js";

const PAGE = 48;

export class Mistakes {
    #next = null;

    /**
     * @param {string} id of the training
     * @param {AbortSignal} signal
     */
    constructor(id, signal) {
        this.id = id;
        this.signal = signal;
        this.title = h("h3", { tabindex: -1 });
        this.pictures = h("ul.pictures");
        this.more = h("button", { type: "button", onclick: () => void this.#load(this.#next) }, "Show more");
        this.trouble = h("div");
        this.command = commandBox("", "these pictures");
        this.element = h("div.section", { "aria-live": "polite" }, this.title, this.pictures, this.trouble, h("div.row", {}, this.more), this.command);
    }

    /** Show the pictures of one cell; of every cell with two nulls. */
    async show(truth, predicted, number) {
        const isRight = truth !== null && truth === predicted;
        const address = path(["trainings", this.id, "misclassified.json"], { true: truth, predicted, order: "-confidence", limit: PAGE });
        replace(this.pictures);
        replace(this.trouble);
        this.more.hidden = true;
        this.command.hidden = isRight;
        this.command.line = curl(address);
        if (isRight) {
            this.title.textContent = `${truth}: ${counted(number, "image")} read rightly`;
            return;
        }
        this.title.textContent = truth === null
            ? "Every mistake, the surest first"
            : `${truth} taken for ${predicted}: ${counted(number, "image")}`;
        await this.#load(address);
    }

    async #load(address) {
        this.wanted = address;
        try {
            const page = await askJson(address, { signal: this.signal });
            if (this.wanted !== address) return; // another cell was chosen meanwhile
            this.pictures.append(...page.misclassified.map((one) => h("li", {}, this.#picture(one))));
            if (!this.pictures.children.length) replace(this.pictures, h("li.muted", {}, "None."));
            this.#next = page.next;
            this.more.hidden = page.next === null;
        } catch (error) {
            if (!this.signal.aborted) replace(this.trouble, problemBox(error));
        }
    }

    #picture(one) {
        const words = `${one.true} taken for ${one.predicted}, ${chance(one.confidence)} sure`;
        return h("button", { type: "button", title: words, "aria-label": `Test image ${one.index}: ${words}`, onclick: () => void this.#look(one) },
            h("img.pixels", { src: one.image, alt: "", width: 64, height: 64, loading: "lazy" }),
            h("span", {}, `${one.true}:${one.predicted}`), h("span.muted", {}, chance(one.confidence)));
    }

    /** One picture closely: what it is, what it was taken for, and what spoke for that. */
    async #look(one) {
        const address = path(["trainings", this.id, "explanations", "test", `${one.index}.json`]);
        const views = h("div.views", {}, pictureOf(one.image, `Test image ${count(one.index)}`));
        const why = h("div");
        opened(`${one.true} taken for ${one.predicted}`, [
            h("p.muted", {}, `The network was ${chance(one.confidence)} sure that it is ${one.predicted}. It is ${one.true}.`),
            views, why, commandBox(curl(address), "this explanation"),
        ]);
        try {
            const found = await askJson(address, { signal: this.signal });
            replace(views, pictureOf(one.image, `Test image ${count(one.index)}`), pictureOf(found.overlay, `What spoke for ${found.class ?? one.predicted}`));
        } catch (error) {
            if (!this.signal.aborted) replace(why, h("p.muted.small", {}, error.message));
        }
    }
}
