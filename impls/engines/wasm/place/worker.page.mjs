// A worker of the pool (pool.ts) in a page. It sleeps in Atomics.wait like the one of Node; a page has no letter that can be taken by
// hand, so it goes back to the event loop until the last one that was sent is there.
import { attached, turnsOf } from "./turns.mjs";

const kernels = new Map();
let index;
let untilMail;
/** Number of the last letter that came, and of the last that was sent when this thread looked. */
let came = 0;
let sent = 0;

addEventListener("message", ({ data }) => {
  if (data.control) {
    index = data.index;
    untilMail = turnsOf(data, kernels);
  } else read(data);
  // letters go to the threads that they concern: one that is not among them waits here, for the next that is
  while (came >= sent) sent = untilMail();
});

function read({ mail, kernel, module, ...rest }) {
  came = mail;
  if (module) kernels.set(kernel, attached({ module, ...rest }, index));
  else kernels.delete(kernel);
}
