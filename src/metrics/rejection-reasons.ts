/** Why callbacks are rejected before processing, and what each reason means. */
export const REJECTION_REASONS = {
  'wrong SdkAppid': 'The callback is of another app: compare SdkAppid with IM_SDK_APP_ID.',
  'missing SdkAppid': 'The query names no SdkAppid, so the sender is not the Chat console.',
  'missing Sign or RequestTime':
    'The callback is not signed: turn on authentication of callbacks in the Chat console.',
  'RequestTime is outside the window':
    "The signature is too old, or the clock of this machine is wrong: compare it with the vendor's.",
  'wrong Sign': 'The callback is signed with another token: compare IM_CALLBACK_TOKENS with it.',
  'relayed by this mirror': 'RELAY_URL leads back to this mirror: set it to the backend.',
  'query and body name different commands': 'Query and body must name the same CallbackCommand.',
  'no room for the body': 'Too many request bodies at once: see BODIES_MAX_BYTES.',
} as const;

export type RejectionReason = keyof typeof REJECTION_REASONS;
