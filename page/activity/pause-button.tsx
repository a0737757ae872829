export function PauseButton({ isPaused, toggle }: { isPaused: boolean; toggle: () => void }) {
  return (
    <button type="button" class="small" aria-pressed={isPaused} onClick={toggle}>
      {isPaused ? 'Go on' : 'Pause'}
    </button>
  );
}
