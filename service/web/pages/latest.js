/**
 * @file Asking as somebody draws. One request at a time, so that answers cannot overtake each other; of what comes meanwhile only
 * the newest waits, so that the last answer is the one to the last stroke; what is no longer wanted is never shown.
 */

/**
 * Return a function that asks for its argument. While one is being answered, only the newest that comes waits.
 * @template In, Out
 * @param {(wanted: In) => Promise<Out>} work
 * @param {(answer: Out, wanted: In) => void} show
 * @param {(error: Error, wanted: In) => void} fail
 * @returns {{want: (wanted: In) => void, forget: () => void}} after `forget` nothing that was asked for is shown
 */
export function latest(work, show, fail) {
    let waiting = null;
    let isBusy = false;
    let round = 0;
    let forgotten = 0; // rounds up to this one are no longer wanted

    async function run() {
        isBusy = true;
        while (waiting) {
            const { wanted, asked } = waiting;
            waiting = null;
            try {
                const answer = await work(wanted);
                if (asked > forgotten) show(answer, wanted);
            } catch (error) {
                if (asked > forgotten) fail(error, wanted);
            }
        }
        isBusy = false;
    }

    return {
        want(wanted) {
            round += 1;
            waiting = { wanted, asked: round };
            if (!isBusy) void run();
        },
        forget() {
            forgotten = round;
            waiting = null;
        },
    };
}
