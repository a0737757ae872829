// Notifications between processes. The payload is the last `seq` that was committed, or FORGET.
export const CHANNEL = 'topic_mirror';
/** Changes were rewritten: what is in memory is out of date. */
export const FORGET = 'forget';
