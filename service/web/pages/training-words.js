/** @file What a training is called and how it stands, in words. */

import { h } from "./dom.js";
import { seconds } from "./format.js";

export const ENDED = new Set(["succeeded", "failed", "cancelled"]);

/** Its preset, or the network and where it is from. */
export const nameOf = ({ preset, network }) => preset ?? network ?? "Own network";

/** What tells it from others of the same name. */
export function subtitleOf({ preset, network, dataset, labels, spec }) {
    const own = preset !== null && network && network !== preset ? [network] : [];
    const marks = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
    const epochs = spec?.recipe?.epochs;
    return [...own, dataset, ...(epochs ? [`${epochs} epochs`] : []), ...marks].join(" · ");
}

/** The state with its dot; with what it waits for or does. */
export function stateOf(training) {
    return h(`span.state.${training.state}`, {}, wordsOf(training));
}

function wordsOf({ state, progress, queue_position: position }) {
    if (state === "queued" && position) return `queued, number ${position}`;
    if (state === "running" && progress.epochs) return `epoch ${Math.min(progress.epoch + 1, progress.epochs)} of ${progress.epochs}`;
    return state;
}

/** What can be said of the time that is left: `18 s left`, `begins in about 40 s`. */
export function outlook({ state, progress, starts_in_seconds: start, ends_in_seconds: end }) {
    if (state === "queued" && start !== null) return start > 0 ? `begins in about ${seconds(start)}` : "begins now";
    if (state === "queued") return end === null ? "waits for a worker" : `done in about ${seconds(end)}`;
    if (state === "running" && progress.eta_seconds !== null) return `${seconds(Math.max(1, progress.eta_seconds))} left`;
    return "";
}

/** How much of its epochs is done, 0 to 1. */
export function shareDone({ epoch, epochs, step, steps }) {
    return epochs ? Math.min(1, (epoch + (steps ? step / steps : 0)) / epochs) : 0;
}
