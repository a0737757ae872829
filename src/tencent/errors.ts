// What a failed call means for the caller. Messages hold neither URL nor UserSig.

/** The vendor could not be reached, or answered with passing errors until patience ended. */
export class VendorUnavailableError extends Error {
  readonly code = 'VENDOR_UNAVAILABLE';

  constructor(
    readonly command: string,
    readonly attempts: number,
    reason: string,
  ) {
    super(`${command}: no usable response in ${attempts} attempts, the last error: ${reason}`);
    this.name = 'VendorUnavailableError';
  }
}

/** No call will work until somebody corrects what the message names. */
export class VendorAlarmError extends Error {
  readonly code = 'VENDOR_ALARM';

  constructor(
    readonly command: string,
    readonly vendorCode: number,
    readonly advice: string,
    info: string,
  ) {
    super(`${command}: error ${vendorCode} (${info}); ${advice}`);
    this.name = 'VendorAlarmError';
  }
}

/** This one call failed, and would again. */
export class VendorCallError extends Error {
  readonly code = 'VENDOR_CALL_FAILED';

  constructor(
    readonly command: string,
    /** `null`: the answer was none of the vendor's. */
    readonly vendorCode: number | null,
    reason: string,
  ) {
    super(`${command}: ${reason}`);
    this.name = 'VendorCallError';
  }
}
