import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';

/** Where this process stands between its start and its end. */
@Injectable()
export class Lifecycle implements BeforeApplicationShutdown {
  private draining = false;

  get isDraining(): boolean {
    return this.draining;
  }

  beforeApplicationShutdown(): void {
    this.draining = true;
  }
}
