/** @file The two pictures of a training's course: accuracy and loss, on the training and the validation images. */

import { Chart } from "./chart.js";
import { h, replace } from "./dom.js";
import { figure, percent, seconds } from "./format.js";

/** @typedef {import("./watching.js").Epoch} Epoch */

export class Curves {
    constructor() {
        this.accuracy = new Chart({ title: "Accuracy", isShare: true });
        this.loss = new Chart({ title: "Loss" });
        this.note = h("p.muted.small");
        this.table = h("div.scroll", { tabindex: 0, role: "region", "aria-label": "Figures of every epoch" });
        this.details = h("details", {}, h("summary", {}, "Every epoch in figures"), this.table);
        this.details.addEventListener("toggle", () => this.#tell());
        this.element = h("div.stack", {}, h("div.two", {}, h("div.card", {}, this.accuracy.element), h("div.card", {}, this.loss.element)),
            this.note, this.details);
    }

    /**
     * @param {Epoch[]} epochs done so far
     * @param {number} planned how many there shall be; after the end, as many as there were
     */
    show(epochs, planned) {
        this.epochs = epochs;
        const last = Math.max(planned, epochs.length);
        const marks = rateSteps(epochs);
        const hasValidation = epochs.some((epoch) => epoch.val_accuracy !== null);
        for (const [chart, name] of [[this.accuracy, "accuracy"], [this.loss, "loss"]]) {
            chart.show([
                { name: "training", colour: 1, points: epochs.map((epoch) => ({ x: epoch.epoch, y: epoch[name] })) },
                ...(hasValidation ? [{ name: "validation", colour: 2, dashed: true, points: epochs.map((epoch) => ({ x: epoch.epoch, y: epoch[`val_${name}`] })) }] : []),
            ], { last, marks });
        }
        this.note.textContent = marks.length ? `Dotted: the learning rate was cut, before epoch ${marks.join(", ")}.` : "";
        this.#tell();
    }

    #tell() {
        if (!this.details.open || !this.epochs) return;
        const head = ["Epoch", "Loss", "Accuracy", "Val. loss", "Val. accuracy", "Learning rate", "Time"];
        replace(this.table, h("table", {},
            h("thead", {}, h("tr", {}, head.map((name) => h("th.number", { scope: "col" }, name)))),
            h("tbody", {}, this.epochs.map((epoch) => h("tr", {}, h("th.number", { scope: "row" }, epoch.epoch),
                [figure(epoch.loss), percent(epoch.accuracy), figure(epoch.val_loss), percent(epoch.val_accuracy),
                    figure(epoch.learning_rate), seconds(epoch.seconds)].map((text) => h("td.number", {}, text)))))));
    }
}

/** Where a rate that otherwise stays falls; a rate that moves all the time, as schedules do, has no steps. */
export function rateSteps(epochs) {
    const changes = epochs.filter((epoch, at) => at > 0 && Math.abs(epoch.learning_rate / epochs[at - 1].learning_rate - 1) > 0.01);
    const isSchedule = changes.length > epochs.length / 3;
    return isSchedule ? [] : changes.map((epoch) => epoch.epoch);
}
