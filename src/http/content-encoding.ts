/**
 * Whether a body with this `Content-Encoding` is as it was before any coding. Some senders name a
 * charset there, which is none; callbacks are UTF-8 whatever it says.
 */
export function isUncompressed(contentEncoding: string | undefined): boolean {
  const codings = (contentEncoding ?? '').split(',').map((coding) => coding.trim().toLowerCase());
  return codings.every((coding) => coding === '' || coding === 'identity' || isCharset(coding));
}

function isCharset(label: string): boolean {
  try {
    return new TextDecoder(label).encoding !== '';
  } catch {
    // RangeError: no charset of the WHATWG's list.
    return false;
  }
}
