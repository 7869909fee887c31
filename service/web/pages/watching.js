/**
 * @file Following a training: by server-sent events, and by asking now and then where there are none.
 *
 * @typedef {Record<string, any>} Training as /v1/trainings/{id} tells it
 * @typedef {{epoch: number, loss: number, accuracy: number, val_loss: number | null, val_accuracy: number | null,
 *     learning_rate: number, seconds: number}} Epoch
 */

import { Away, Problem, askJson, connection, path } from "./api.js";
import { pause } from "./dom.js";
import { ENDED } from "./training-words.js";

const LONGEST_WAIT = 10; // seconds between two looks, however long the service thinks it has time

/**
 * Follow a training to its end.
 * @param {string} id
 * @param {Training} training as it stands
 * @param {{training: (training: Training) => void, epochs: (epochs: Epoch[]) => void}} viewer told of every change
 * @param {AbortSignal} signal
 * @returns {Promise<Training>} once it has ended
 */
export async function follow(id, training, viewer, signal) {
    const watch = new Watch(id, training, viewer, signal);
    await watch.epochs();
    if (!ENDED.has(training.state)) {
        const stop = watch.listen();
        try {
            await watch.untilEnd();
        } finally {
            stop();
        }
    }
    return watch.training;
}

class Watch {
    /** @type {Map<number, Epoch>} */
    #epochs = new Map();
    #isListening = false;

    constructor(id, training, viewer, signal) {
        Object.assign(this, { id, training, viewer, signal });
    }

    /** Let events tell what changes. Without them, or should they break off for good, `untilEnd` asks instead. */
    listen() {
        const source = new EventSource(path(["trainings", this.id, "events"]));
        const stop = () => source.close();
        this.signal.addEventListener("abort", stop);
        source.addEventListener("open", () => { this.#isListening = true; });
        source.addEventListener("error", () => { this.#isListening = false; });
        source.addEventListener("state", () => void this.#look().catch(() => {}));
        source.addEventListener("epoch", ({ data }) => this.#take([JSON.parse(data)]));
        source.addEventListener("progress", ({ data }) => {
            this.training = { ...this.training, progress: JSON.parse(data) };
            this.viewer.training(this.training);
        });
        return stop;
    }

    /** Look at the training until it has ended: often without events, seldom with them. */
    async untilEnd() {
        while (!ENDED.has(this.training.state)) {
            const wanted = this.training.poll_after_seconds ?? 2;
            const seconds = Math.min(LONGEST_WAIT, this.#isListening ? Math.max(5, wanted) : wanted);
            await pause(seconds * 1000, this.#endOrSignal()).catch(() => this.signal.throwIfAborted());
            if (ENDED.has(this.training.state)) break;
            try {
                await this.#look();
                if (!this.#isListening) await this.epochs();
            } catch (error) {
                if (this.signal.aborted) throw error;
                if (error instanceof Away) await backAgain(this.signal);
                else if (!(error instanceof Problem) || error.status < 500) throw error;
            }
        }
        await this.epochs();
    }

    #endOrSignal() {
        this.waiting = new AbortController();
        return AbortSignal.any([this.signal, this.waiting.signal]);
    }

    async #look() {
        this.training = await askJson(path(["trainings", this.id]), { signal: this.signal });
        this.viewer.training(this.training);
        if (ENDED.has(this.training.state)) this.waiting?.abort();
    }

    /** Read all epochs so far. */
    async epochs() {
        const { epochs } = await askJson(path(["trainings", this.id, "history.json"]), { signal: this.signal });
        this.#epochs.clear(); // an attempt that begins anew may have fewer
        this.#take(epochs);
    }

    #take(epochs) {
        for (const epoch of epochs) this.#epochs.set(epoch.epoch, epoch);
        this.viewer.epochs([...this.#epochs.values()].sort((one, other) => one.epoch - other.epoch));
    }
}

function backAgain(signal) {
    return new Promise((resolve, reject) => {
        connection.addEventListener("back", resolve, { once: true, signal });
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
}
