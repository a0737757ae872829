import fc from 'fast-check';
import type { Body } from './callbacks.js';

export const BASE_MS = 1_700_000_000_000;

/** A callback that is about whatever group it is put in. */
export type Event = Body & { readonly CallbackCommand: string };

const GROUP = '@TGS#_group';
const topicId = fc.constantFrom('custom', 'other', `${GROUP}@TOPIC#_@TOPIC#made`);
const name = fc.constantFrom('', 'a', 'b', 'c', 'ü\u0000');
const custom = fc.option(
  fc.array(fc.record({ Key: fc.constantFrom('x', 'y'), Value: name }), { maxLength: 2 }),
  { nil: undefined },
);
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    CallbackCommand: fc.constant('Group.CallbackAfterCreateTopic'),
    TopicId: topicId,
    Name: name,
    Owner_Account: fc.constantFrom('p', 'q'),
    Operator_Account: fc.constantFrom('p', 'q'),
    UserDefinedDataList: custom,
  }),
  fc.record(
    {
      CallbackCommand: fc.constant('Group.CallbackAfterTopicInfoChanged'),
      TopicId: topicId,
      Name: name,
      Introduction: name,
      FaceUrl: name,
    },
    { requiredKeys: ['CallbackCommand', 'TopicId'] },
  ),
  fc.record({
    CallbackCommand: fc.constant('Group.CallbackAfterTopicDestroyed'),
    TopicIdList: fc.uniqueArray(topicId, { minLength: 1 }),
  }),
  fc.record({
    CallbackCommand: fc.constant('Group.CallbackAfterGroupInfoChanged'),
    Name: name,
  }),
  fc.record({
    CallbackCommand: fc.constant('Group.CallbackAfterChangeGroupOwner'),
    NewOwner_Account: fc.constantFrom('p', 'q', 'r'),
  }),
  fc.record({ CallbackCommand: fc.constant('Group.CallbackAfterGroupDestroyed') }),
);
/** Events in the order they happened, some of them at the same time, and two orders of delivery. */
export const history = historyWith(0);
/** Likewise, each event at a time of its own. */
export const distinctHistory = historyWith(1);

function historyWith(leastPauseMs: number) {
  return fc
    .array(fc.tuple(event, fc.integer({ min: leastPauseMs, max: 3 })), {
      minLength: 1,
      maxLength: 12,
    })
    .chain((steps) => {
      let at = BASE_MS;
      const events = steps.map(([body, pause]) => {
        at += pause;
        return { ...body, EventTime: at };
      });
      const delivery = fc
        .tuple(fc.array(fc.nat(events.length - 1), { maxLength: 8 }), fc.infiniteStream(fc.nat()))
        .map(([repeated, keys]) =>
          [...events.keys(), ...repeated]
            .map((index) => ({ index, key: keys.next().value ?? 0 }))
            .toSorted((a, b) => a.key - b.key)
            .map(({ index }) => index),
        );
      return fc.record({ events: fc.constant(events), one: delivery, two: delivery });
    });
}

/** Ids of one run alone; everything else as it was. */
export function inGroup(body: Event, groupId: string): Event {
  return { ...body, GroupId: groupId, Type: 'Community' };
}
