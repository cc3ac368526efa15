/**
 * SIGHUP in the first moments of a start, before there is a supervisor that could reload: without a listener it would end
 * lvsd. It is remembered, and the reload is made when the start has ended, because the files may have been read already.
 */
let came = false;
const remember = (): void => {
  came = true;
};

/** From the first line on: a SIGHUP ends nothing and is remembered. */
export function listenForEarlyHangup(): void {
  process.on('SIGHUP', remember);
}

/** Ends the listening, once somebody else listens. @returns whether a SIGHUP came */
export function endEarlyHangup(): boolean {
  process.off('SIGHUP', remember);
  return came;
}
