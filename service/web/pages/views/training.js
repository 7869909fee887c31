/** @file One training: watched while it runs, read when it has ended. */

import { ask, askJson, path } from "../api.js";
import { commandBox, curl } from "../curl.js";
import { Curves } from "../curves.js";
import { confirmed } from "../dialog.js";
import { announce, h, replace } from "../dom.js";
import { ago, count, moment, seconds } from "../format.js";
import { problemBox } from "../problem.js";
import { adviceOf, classesOf, confusionOf, figuresOf, filesOf, section } from "../report.js";
import { go } from "../router.js";
import { ENDED, nameOf, outlook, shareDone, stateOf, subtitleOf } from "../training-words.js";
import { follow } from "../watching.js";

/** @param {import("../router.js").Place} place */
export async function view({ params, query, signal, title }) {
    const training = await askJson(path(["trainings", params.id]), { signal });
    const sheet = new Sheet(training, query, signal, title);
    void sheet.watch();
    return sheet.content;
}

class Sheet {
    constructor(training, query, signal, title) {
        Object.assign(this, { id: training.id, query, signal, title });
        this.name = nameOf(training);
        this.state = h("span");
        this.actions = h("div.row");
        this.live = h("div.progress");
        this.track = h("i");
        this.bar = h("div.track", { role: "progressbar", "aria-label": "Progress", "aria-valuemin": 0, "aria-valuemax": 100 }, this.track);
        this.doing = h("span");
        this.left = h("span.muted");
        this.trouble = h("div");
        this.results = h("div.stack.loose");
        this.curves = new Curves();
        this.course = h("section.section", {}, h("h2", {}, "Curves"), this.curves.element);
        this.facts = h("div.stack.loose");
        replace(this.live, this.bar, h("div.words", {}, this.doing, this.left));
        this.content = [
            h("header.head", {},
                h("div", {}, h("h1", { tabindex: -1 }, this.name), h("p.lead", {}, subtitleOf(training)), h("div.row", {}, this.state)),
                this.actions),
            h("div.stack.loose", {}, this.trouble, this.live, this.results, this.course, this.facts),
        ];
        this.#show(training);
    }

    async watch() {
        const viewer = {
            training: (training) => this.#show(training),
            epochs: (epochs) => this.#epochs(epochs),
        };
        const isWatched = !ENDED.has(this.training.state);
        try {
            const training = await follow(this.id, this.training, viewer, this.signal);
            this.#show(training);
            if (isWatched) announce(`The training has ${training.state === "cancelled" ? "been cancelled" : training.state}`);
            if (training.state === "succeeded") await this.#report(training);
        } catch (error) {
            if (!this.signal.aborted) replace(this.trouble, problemBox(error, () => void this.watch()));
        }
    }

    #epochs(epochs) {
        this.course.hidden = epochs.length === 0;
        const isOver = ENDED.has(this.training.state);
        this.curves.show(epochs, isOver ? 0 : this.training.progress.epochs);
    }

    #show(training) {
        const before = this.training?.state;
        this.training = training;
        const { state, progress } = training;
        const isOver = ENDED.has(state);
        this.title(isOver ? this.name : `${Math.round(shareDone(progress) * 100)} % ${this.name}`);
        this.live.hidden = isOver;
        const share = shareDone(progress);
        this.track.style.setProperty("--share", share.toFixed(4));
        this.bar.setAttribute("aria-valuenow", Math.round(share * 100));
        this.doing.textContent = [progress.activity ?? state, progress.steps ? `step ${count(progress.step)} of ${count(progress.steps)}` : ""].filter(Boolean).join(", ");
        this.left.textContent = outlook(training);
        replace(this.state, stateOf(training), h("span.muted.small", {}, " ", this.#when(training)));
        if (state === before) return;
        this.#act(training);
        if (training.error) replace(this.trouble, problemBox({ title: `It failed: ${training.error.type}`, message: training.error.detail }));
        replace(this.facts, this.#spec(training), this.#changes(training));
        if (before && !isOver) announce(`The training is ${state}`);
    }

    #when({ created_at: created, finished_at: finished, compute_seconds: cost }) {
        const time = finished ?? created;
        const words = finished ? `${ago(finished)}${cost ? `, after ${seconds(cost)}` : ""}` : `submitted ${ago(created)}`;
        return h("time", { datetime: time, title: moment(time) }, words);
    }

    #act({ state }) {
        const again = h("a.button", { href: `#/trainings/new?from=${this.id}` }, "Change and repeat");
        const cancel = h("button.danger", { type: "button", onclick: () => void this.#cancel() }, "Cancel");
        const remove = h("button.danger", { type: "button", onclick: () => void this.#remove() }, "Delete");
        const isHere = this.actions.contains(document.activeElement);
        if (ENDED.has(state)) replace(this.actions, again, remove);
        else replace(this.actions, again, state !== "cancelling" && cancel);
        if (isHere) this.actions.firstChild.focus();
    }

    async #cancel() {
        const question = { title: "Cancel this training?", text: "What it has learned so far is not kept.", yes: "Cancel it", no: "Let it go on" };
        if (!(await confirmed(question))) return;
        try {
            this.#show(await askJson(path(["trainings", this.id, "cancel"]), { method: "POST", signal: this.signal }));
        } catch (error) {
            replace(this.trouble, problemBox(error));
        }
    }

    async #remove() {
        const text = "Its report and curves are deleted with it. Models that came out of it stay.";
        if (!(await confirmed({ title: "Delete this training?", text, yes: "Delete it" }))) return;
        try {
            await ask(path(["trainings", this.id]), { method: "DELETE", signal: this.signal });
            go("/trainings");
        } catch (error) {
            replace(this.trouble, problemBox(error));
        }
    }

    async #report(training) {
        const { id, signal } = this;
        const report = await askJson(path(["trainings", id, "report.json"]), { signal });
        const models = training.models.map(({ name, version }) => h("a.button", { href: `#/?model=${encodeURIComponent(name)}` }, `Try ${name}, version ${version}`));
        replace(this.results,
            h("div.stack", {}, figuresOf(training, report), report.notes.map((note) => h("p.note.small", {}, note)), h("div.row", {}, models)),
            section("What the curves say", () => adviceOf(id, signal), signal));
        this.course.after(
            section("Confusion matrix", () => confusionOf(id, this.query, signal), signal),
            h("section.section", {}, h("h2", {}, "Class by class"), classesOf(report)),
            h("section.section", {}, h("h2", {}, "Files"), filesOf(id), commandBox(curl(`/v1/trainings/${id}/report.txt`), "the report")));
    }

    #spec({ spec }) {
        return h("section.section", {}, h("h2", {}, "Do it again"),
            h("p.muted", {}, "Everything that makes this training what it is. The same again, from a terminal:"),
            commandBox(curl("/v1/trainings", { json: repeatable(spec) }), "the same training"),
            h("details", {}, h("summary", {}, "In full"), h("pre.card.scroll", { tabindex: 0, role: "region", "aria-label": "The training in full" }, JSON.stringify(spec, null, 2))));
    }

    #changes({ changes, id }) {
        return h("section.section", {}, h("h2", {}, "What happened"),
            h("dl.facts", {}, changes.map(({ at, state, attempt, reason }) => [
                h("dt", {}, h("time", { datetime: at }, moment(at))),
                h("dd", {}, state, attempt > 1 ? `, attempt ${attempt}` : "", reason && h("span.muted", {}, ` ${reason}`)),
            ])),
            commandBox(curl(path(["trainings", id])), "this training"));
    }
}

/** Return what to submit for the same training: the specification without what the service added. */
export function repeatable(spec) {
    const known = ["preset", "dataset", "network", "recipe", "validation", "seed", "labels", "register_as"];
    return Object.fromEntries(Object.entries(spec).filter(([name, value]) => known.includes(name) && value !== null));
}
