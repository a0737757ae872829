import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';

/** Where this process stands between its start and its end. */
@Injectable()
export class Lifecycle implements BeforeApplicationShutdown {
  private draining = false;

  get isDraining(): boolean {
    return this.draining;
  }

  /** From now on `/readyz` answers 503 and every response carries `Connection: close`. */
  drain(): void {
    this.draining = true;
  }

  beforeApplicationShutdown(): void {
    this.drain();
  }
}
