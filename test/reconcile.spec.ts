import { afterEach, describe, expect, it } from '@jest/globals';
import { topicPath } from './support/callbacks.js';
import { differencesAfter, startWorld, type World } from './support/world.js';

const GROUP = '@TGS#_club';
const TOPIC = `${GROUP}@TOPIC#_news`;

let world: World;
afterEach(() => world.close());

describe('the reconcile', () => {
  it('finds what no callback told', async () => {
    world = await startWorld();
    const { vendor } = world.simulator;
    vendor.importGroup({ groupId: GROUP, name: 'Club', ownerAccount: 'ada' });
    vendor.importTopic(GROUP, { topicId: TOPIC, customString: 'x' });
    const { differences } = await differencesAfter(10_000, world);
    expect(differences).toEqual([]);
    await world.app.http.get(topicPath(GROUP, TOPIC)).expect(200);
  });
});
