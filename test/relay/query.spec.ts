import { expect, it } from '@jest/globals';
import { relayedQuery } from '../../src/relay/relayed.js';

it.each(['RequestTime=1', 'requesttime=1', 'Request%54ime=1'])(
  'signs anew a query with %s, and keeps its other parameters as they came',
  (time) => {
    const query = relayedQuery(`SdkAppid=1&${time}&x=%C3%BC&x=2`, 'token', 5_000);
    expect(query).toMatch(/^SdkAppid=1&x=%C3%BC&x=2&Sign=[0-9a-f]{64}&RequestTime=5$/);
  },
);
