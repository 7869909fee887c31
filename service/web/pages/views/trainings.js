/** @file All trainings, newest first: pick some to compare, follow one, look at what came before. */

import { askJson, path } from "../api.js";
import { commandBox, curl } from "../curl.js";
import { h, pause, replace } from "../dom.js";
import { ago, counted, moment, percent } from "../format.js";
import { problemBox } from "../problem.js";
import { remember } from "../router.js";
import { ENDED, nameOf, stateOf, subtitleOf } from "../training-words.js";

const PAGE = 25;
const MOST_COMPARED = 8;
const STATES = ["queued", "running", "succeeded", "failed", "cancelled"];
const AGAIN = 3000; // milliseconds between two looks while something goes on

/** @param {import("../router.js").Place} place */
export async function view({ query, signal, title }) {
    title("Trainings");
    const list = new List(query, signal);
    await list.load();
    void list.follow();
    return list.content;
}

class List {
    #query;
    #signal;
    #picked = new Map();
    #rows = new Map();
    #next = null;

    constructor(query, signal) {
        this.#query = query;
        this.#signal = signal;
        this.place = h("ul.trainings.card.list", { "aria-label": "Trainings" });
        this.more = h("button", { type: "button", onclick: () => void this.#older() }, "Show older ones");
        this.trouble = h("div");
        this.tray = h("div.tray", { role: "region", "aria-label": "Comparison" });
        this.command = commandBox(curl(this.#address(PAGE)), "this list");
        this.content = [
            h("header.head", {},
                h("div", {}, h("h1", { tabindex: -1 }, "Trainings")),
                h("a.button.main", { href: "#/trainings/new" }, "New training")),
            h("div.stack", {}, this.#filters(), this.trouble, this.place, h("div.row", {}, this.more), this.command, this.tray),
        ];
        this.#count();
    }

    #filters() {
        const state = h("select", { id: "filter-state" },
            h("option", { value: "" }, "All states"),
            STATES.map((one) => h("option", { value: one, selected: this.#query.get("state") === one }, one)));
        const dataset = h("input", { id: "filter-dataset", value: this.#query.get("dataset") ?? "", placeholder: "All data sets", autocomplete: "off" });
        const changed = () => {
            for (const [name, { value }] of [["state", state], ["dataset", dataset]]) {
                if (value) this.#query.set(name, value);
                else this.#query.delete(name);
            }
            remember(this.#query);
            void this.load();
        };
        state.addEventListener("change", changed);
        dataset.addEventListener("change", changed);
        return h("div.filters", {},
            h("div.field", {}, h("label", { for: "filter-state" }, "State"), state),
            h("div.field", {}, h("label", { for: "filter-dataset" }, "Data set"), dataset));
    }

    #address(limit) {
        return path(["trainings"], { state: this.#query.get("state"), dataset: this.#query.get("dataset"), limit });
    }

    /** Read the newest page anew. */
    async load() {
        const page = await askJson(this.#address(PAGE), { signal: this.#signal });
        this.#rows.clear();
        this.#next = page.next;
        this.command.line = curl(this.#address(PAGE));
        replace(this.trouble);
        this.#show(page.trainings);
    }

    #show(trainings) {
        for (const training of trainings) {
            this.#rows.set(training.id, training);
        }
        const isEmpty = this.#rows.size === 0;
        if (isEmpty) replace(this.place, h("li.empty", {}, this.#nothing()));
        else replace(this.place, [...this.#rows.values()].map((training) => this.#row(training)));
        this.more.hidden = this.#next === null;
    }

    #nothing() {
        if (this.#query.get("state") || this.#query.get("dataset")) return "No training is like that.";
        return ["There are no trainings yet.", h("a.button", { href: "#/trainings/new" }, "Submit the first")];
    }

    #row(training) {
        const { id, metrics, created_at: created, state } = training;
        const name = nameOf(training);
        const box = h("input", { type: "checkbox", checked: this.#picked.has(id), "aria-label": `Compare ${name}, ${id}`, disabled: state !== "succeeded" });
        box.addEventListener("change", () => {
            if (box.checked) this.#picked.set(id, name);
            else this.#picked.delete(id);
            this.#count();
        });
        return h("li", {},
            h("label.pick", {}, box),
            h("div.name", {}, h("a", { href: `#/trainings/${id}` }, name), h("span", {}, subtitleOf(training))),
            stateOf(training),
            h("span.number.accuracy", { title: "Test accuracy" }, metrics ? percent(metrics.test_accuracy) : ""),
            h("time.muted.small.number.when", { datetime: created, title: moment(created) }, ago(created)));
    }

    #count() {
        const ids = [...this.#picked.keys()];
        this.tray.hidden = ids.length === 0;
        const words = ids.length === 1 ? "1 picked: pick another to compare" : `${counted(ids.length, "training")} picked`;
        const search = ids.map((id) => `training=${id}`).join("&");
        const isRight = ids.length >= 2 && ids.length <= MOST_COMPARED;
        replace(this.tray,
            h("span", { role: "status" }, ids.length > MOST_COMPARED ? `At most ${MOST_COMPARED} can be compared` : words),
            h("div.row", {},
                h("button.quiet", { type: "button", onclick: () => { this.#picked.clear(); this.#show([]); this.#count(); } }, "Clear"),
                isRight && h("a.button.main", { href: `#/compare?${search}` }, "Compare")));
    }

    async #older() {
        try {
            const page = await askJson(this.#next, { signal: this.#signal });
            this.#next = page.next;
            const first = this.place.children.length;
            this.#show(page.trainings);
            this.place.children[first]?.querySelector("a")?.focus();
        } catch (error) {
            if (!this.#signal.aborted) replace(this.trouble, problemBox(error));
        }
    }

    /** Look again while something on the list goes on. */
    async follow() {
        while (!this.#signal.aborted) {
            await pause(AGAIN, this.#signal).catch(() => {});
            const isMoving = [...this.#rows.values()].some(({ state }) => !ENDED.has(state));
            if (this.#signal.aborted || document.hidden || !isMoving) continue;
            try {
                const { trainings } = await askJson(this.#address(PAGE), { signal: this.#signal });
                this.#refresh(trainings);
            } catch {
                // The banner says that the service is away; this list is as old as it is.
            }
        }
    }

    /** Take in what changed, rows in place, so that focus and choices stay. */
    #refresh(trainings) {
        const isNew = trainings.some(({ id }) => !this.#rows.has(id));
        if (isNew) {
            const older = [...this.#rows.values()].filter(({ id }) => !trainings.some((one) => one.id === id));
            this.#rows = new Map([...trainings, ...older].map((training) => [training.id, training]));
            if (!this.place.contains(document.activeElement)) this.#show([]);
            return;
        }
        for (const training of trainings) {
            const at = [...this.#rows.keys()].indexOf(training.id);
            const row = this.place.children[at];
            this.#rows.set(training.id, training);
            if (row && !row.contains(document.activeElement)) row.replaceWith(this.#row(training));
        }
    }
}
