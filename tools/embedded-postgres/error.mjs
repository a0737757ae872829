/** The embedded server cannot be used; the message names the next step. */
export class EmbeddedPostgresError extends Error {
  /**
   * @param {string} code stable, in capitals
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = 'EmbeddedPostgresError';
    this.code = code;
  }
}

/**
 * Whether an error of the system has a code, such as ENOENT.
 * @param {unknown} error
 * @param {string[]} codes
 */
export function hasCode(error, ...codes) {
  // Not `instanceof`: under a test runner errors of the system come from another realm.
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  return codes.includes(String(error.code));
}
