import { useState } from 'preact/hooks';
import { announce } from './live-region.js';

const SHOWN_MS = 2_000;

export function CopyButton({ text, children }: { text: string; children: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await toClipboard(text);
    setCopied(true);
    announce('Copied');
    setTimeout(() => setCopied(false), SHOWN_MS);
  };
  return (
    <button type="button" class="small" onClick={() => void copy()} title={text}>
      {isCopied ? 'Copied' : children}
    </button>
  );
}

async function toClipboard(text: string): Promise<void> {
  // Browsers have it only where the page came by HTTPS or from this machine.
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}
