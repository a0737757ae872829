// A backend that accepts everything at once, in a process of its own.
import { once } from 'node:events';
import { createServer } from 'node:http';

const server = createServer((incoming, response) => {
  incoming.resume();
  incoming.on('end', () => response.end('{}'));
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
process.send?.(typeof address === 'object' ? address?.port : 0);
process.on('disconnect', () => process.exit());
