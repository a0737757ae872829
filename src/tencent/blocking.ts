/** Whether the vendor waits for the verdict of a callback: its names of all *before* callbacks begin like this. */
export function isBlocking(command: string): boolean {
  return /\.Callback(?:Before|Prev)/.test(command);
}
