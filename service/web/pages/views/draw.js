/** @file Draw a digit, drop a photo, and see the answer as you draw. */

import { Problem, ask, askJson, path } from "../api.js";
import { Bars } from "../bars.js";
import { commandBox, curl } from "../curl.js";
import { announce, h, pause, replace } from "../dom.js";
import { chance, counted, percent } from "../format.js";
import { latest } from "../latest.js";
import { Paper } from "../paper.js";
import { problemBox } from "../problem.js";
import { remember } from "../router.js";
import { pictureOf } from "../seen.js";

const DEFAULT = "default";
const GAP = 60; // milliseconds at least between two questions while somebody draws
const QUIET = 900; // milliseconds after which a screen reader is told

/** @param {import("../router.js").Place} place */
export async function view({ query, signal, title }) {
    title("Cyfra");
    const desk = new Desk(query.get("model") || DEFAULT, signal);
    void desk.open();
    return desk.content;
}

/** The sheet, the answer beside it, and what leads from one to the other. */
class Desk {
    #model;
    #signal;
    #telling = 0;
    #bars = new Bars();

    constructor(model, signal) {
        this.#model = model;
        this.#signal = signal;
        this.paper = new Paper(() => this.#changed());
        this.questions = latest((picture) => this.#asked(picture), (answer) => this.#show(answer), (error) => this.#fail(error));
        this.#build();
        for (const [event, target] of [["paste", document], ["theme", window]]) {
            target.addEventListener(event, (happened) => this[event](happened), { signal });
        }
    }

    #build() {
        this.heading = h("h1", { tabindex: -1 }, "Which digit is it?");
        this.lead = h("p.lead", {}, "Draw one, drop a picture, or paste it. The answer comes as you draw.");
        this.hint = h("div.hint", {}, h("p", {}, "Draw here"));
        this.sheet = h("div.paper", {}, this.paper.canvas, this.hint);
        this.file = h("input.unseen", { type: "file", accept: "image/*", tabindex: -1, "aria-label": "A picture" });
        this.file.addEventListener("change", () => void this.take(this.file.files[0]));
        this.choose = h("button", { type: "button", onclick: () => this.file.click() }, "Choose a picture…");
        this.samples = h("div.strip");
        this.undo = h("button", { type: "button", onclick: () => this.paper.undo() }, "Undo");
        this.clear = h("button", { type: "button", onclick: () => this.paper.clear() }, "Clear");
        this.label = h("div.label.nothing", {}, "?");
        this.words = h("p.muted");
        this.seen = h("div.views");
        this.why = h("button", { type: "button", onclick: () => void this.#explain() }, "Explain this answer");
        this.trouble = h("div");
        this.notice = h("div");
        this.models = h("div.field");
        this.command = commandBox(curl(this.#route(), { file: "digit.png" }), "this prediction");
        this.save = h("button", { type: "button", onclick: () => void this.#save() }, "Save the picture");
        this.#dropping();
        this.content = [
            h("header.head", {}, h("div", {}, this.heading, this.lead), this.models),
            this.notice,
            h("div.draw", {},
                h("div.stack", {}, this.sheet, h("div.row", {}, this.undo, this.clear, this.choose, this.file)),
                h("div.field.pick", {}, h("span.label", {}, "Or try one that the network has never seen"), this.samples),
                h("section.card.answer", { "aria-label": "Answer" },
                    h("div.said", {}, this.label, this.words), this.trouble, this.#bars.element, this.seen,
                    h("div.row", {}, this.why, this.save))),
            h("div.section", {}, h("h2", {}, "The same from a terminal"), this.command),
        ];
        this.content.at(-1).style.marginTop = "36px";
        requestAnimationFrame(() => this.paper.paint());
        this.#rest();
    }

    /** Find out who answers, and what it knows; while there is no model, say so and look again. */
    async open() {
        try {
            const model = await askJson(path(["models", this.#model]), { signal: this.#signal });
            const serving = model.versions.find(({ version }) => version === model.serving_version) ?? model.versions[0];
            replace(this.notice);
            this.#introduce(model, serving);
            await Promise.all([this.#offerSamples(serving), this.#offerModels()]);
        } catch (error) {
            if (this.#signal.aborted) return;
            replace(this.notice, error.status === 409 ? noModel(error) : problemBox(error));
            if (error instanceof Problem && error.status !== 409) return;
            await pause((error.retryAfterSeconds ?? 5) * 1000, this.#signal).then(() => this.open(), () => {});
        }
    }

    #introduce(model, { classes, input, test_accuracy: accuracy, dataset }) {
        this.#bars.rest(classes);
        if (!input.handwriting) {
            this.heading.textContent = "What is on the picture?";
            const known = classes.slice(0, 12).join(", ") + (classes.length > 12 ? " …" : "");
            this.lead.textContent = `Drop a picture, paste it or choose one. The model knows ${counted(classes.length, "class", "classes")}: ${known}.`;
            replace(this.hint, h("p", {}, "Drop a picture here"));
        }
        this.about = `${model.name}, version ${model.serving_version}: ${percent(accuracy)} right on the test pictures of ${dataset}`;
        if (this.paper.isEmpty) this.words.textContent = this.about;
    }

    async #offerSamples({ dataset, classes }) {
        const count = Math.min(10, classes.length);
        const { samples } = await askJson(path(["datasets", dataset, "samples"], { split: "test", count }), { signal: this.#signal });
        const buttons = samples.map((sample) => h("button", {
            type: "button", "aria-label": `Try a sample: ${sample.label}`, title: sample.label,
            onclick: async () => void this.take(await (await ask(sample.image, { signal: this.#signal })).blob()),
        }, h("img.pixels", { src: sample.image, alt: "", width: 38, height: 38 })));
        replace(this.samples, buttons);
    }

    async #offerModels() {
        const { models } = await askJson(path(["models"]), { signal: this.#signal });
        if (models.length < 2) return;
        const select = h("select", { id: "model", onchange: () => {
            remember(new URLSearchParams(select.value === DEFAULT ? {} : { model: select.value }));
            dispatchEvent(new Event("hashchange"));
        } }, models.map(({ name }) => h("option", { value: name, selected: name === this.#model }, name)));
        replace(this.models, h("label", { for: "model" }, "Model"), select);
    }

    /** Show a picture from a file, a sample or the clipboard, and ask what it is. */
    async take(file) {
        if (!file) return;
        try {
            await this.paper.put(file);
        } catch {
            // The browser cannot show it; the service may still read it, and says so if not.
            this.paper.clear();
            this.hint.hidden = true;
            this.questions.want(file);
        }
        this.file.value = "";
    }

    paste(event) {
        const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
        if (file) void this.take(file);
    }

    theme() {
        this.paper.paint();
    }

    #dropping() {
        const mark = (is) => (event) => {
            event.preventDefault();
            this.sheet.classList.toggle("dropping", is);
        };
        this.sheet.addEventListener("dragover", mark(true));
        this.sheet.addEventListener("dragleave", mark(false));
        this.sheet.addEventListener("drop", (event) => {
            mark(false)(event);
            void this.take(event.dataTransfer.files[0]);
        });
    }

    #route() {
        return this.#model === DEFAULT ? "/predict" : path(["models", this.#model, "predict"]);
    }

    #changed() {
        this.hint.hidden = !this.paper.isEmpty;
        this.undo.disabled = !this.paper.isDrawn;
        if (this.paper.isEmpty) {
            this.questions.forget();
            this.#rest();
        } else if (this.paper.isReadable) {
            this.questions.want(null);
        }
    }

    #rest() {
        this.label.className = "label nothing";
        this.label.textContent = "?";
        this.words.textContent = this.about ?? "";
        for (const button of [this.undo, this.clear, this.why, this.save]) button.disabled = true;
        replace(this.seen);
        replace(this.trouble);
        this.#bars.rest([...this.#bars.element.querySelectorAll(".name")].map((name) => name.textContent));
    }

    /** @param {Blob | null} picture what to ask about; null for what is on the paper by then */
    async #asked(picture) {
        await pause(GAP, this.#signal);
        const form = new FormData();
        form.append("file", picture ?? (await this.paper.blob()), "digit.png");
        return askJson(`${this.#route()}?seen=true`, { method: "POST", body: form, signal: this.#signal });
    }

    #show(answer) {
        const { confidence, model, seen, verdict } = answer;
        const refused = verdict === "not-a-digit";
        const label = refused ? "not a digit" : answer.label;
        const words = refused ? `If it had to be one: ${answer.label}` : `${chance(confidence)} sure${verdict === "unsure" ? ", too little to rely on" : ""}`;
        this.label.className = label.length > 3 ? "label long" : "label";
        this.label.textContent = label;
        this.words.textContent = `${words}, says ${model.name}, version ${model.version}`;
        this.#bars.show(answer.probabilities);
        this.command.line = curl(this.#route(), { file: "digit.png" });
        replace(this.trouble);
        replace(this.seen, seen && pictureOf(seen, "What the network saw"));
        for (const button of [this.clear, this.why, this.save]) button.disabled = false;
        this.#tell(refused ? label : `${label}, ${chance(confidence)} sure`);
    }

    #fail(error) {
        if (this.#signal.aborted) return;
        this.#rest();
        this.clear.disabled = false;
        if (error.status === 409) replace(this.notice, noModel(error));
        else replace(this.trouble, problemBox(error, error instanceof Problem ? undefined : () => this.questions.want(null)));
    }

    /** Tell a screen reader, once the hand rests. */
    #tell(text) {
        clearTimeout(this.#telling);
        this.#telling = setTimeout(() => announce(text), QUIET);
    }

    async #explain() {
        this.why.disabled = true;
        const form = new FormData();
        form.append("file", await this.paper.blob(), "digit.png");
        const route = path(["models", this.#model, "explain"]);
        try {
            const found = await askJson(route, { method: "POST", body: form, signal: this.#signal });
            replace(this.seen, pictureOf(found.seen, "What the network saw"),
                pictureOf(found.overlay, `What spoke for ${found.class}`), pictureOf(found.saliency, "The same alone"));
            this.command.line = curl(route, { file: "digit.png" });
            announce(`Shown: which parts of the picture spoke for ${found.class}`);
        } catch (error) {
            if (!this.#signal.aborted) replace(this.trouble, problemBox(error));
        }
        this.why.disabled = false;
    }

    async #save() {
        const address = URL.createObjectURL(await this.paper.blob());
        h("a", { href: address, download: "digit.png" }).click();
        setTimeout(() => URL.revokeObjectURL(address), 10_000);
    }
}

function noModel(error) {
    return h("div.card.stack", { role: "status" }, h("strong", {}, "There is no model yet"), h("p.muted", {}, error.message),
        h("p", {}, h("a", { href: "#/trainings" }, "Watch the trainings"), " or ", h("a", { href: "#/trainings/new" }, "submit one"), "."));
}
