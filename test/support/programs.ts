// nginx as deploy/ configures it, on free ports of the loopback. It does not come with npm.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './until.js';

/** The path of a program in the places where Debian has those of servers; `null` without it. */
export async function findProgram(name: string): Promise<string | null> {
  for (const directory of ['/usr/sbin', '/usr/local/sbin', '/usr/bin', '/usr/local/bin']) {
    const path = join(directory, name);
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return null;
}

export interface Proxy {
  /** Of its logs. */
  readonly directory: string;
  readonly stop: () => Promise<void>;
}

/**
 * nginx with a file of deploy/, of which only addresses, paths of files and the user are others.
 * @param replaced texts of the file by what stands in their place
 */
export async function startNginx(
  program: string,
  file: string,
  replaced: Readonly<Record<string, string>>,
): Promise<Proxy> {
  const directory = await mkdtemp(join(tmpdir(), 'topic-mirror-nginx-'));
  const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')];
  const options = 'req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost'.split(' ');
  await promisify(execFile)('openssl', [...options, '-keyout', key, '-out', certificate]);
  let text = (await readFile(file, 'utf8'))
    .replace(/ssl_certificate .*;/, `ssl_certificate ${certificate};`)
    .replace(/ssl_certificate_key .*;/, `ssl_certificate_key ${key};`)
    .replaceAll(/access_log \/.*? callbacks;/g, `access_log ${directory}/access.log callbacks;`)
    .replaceAll(/error_log \/\S+ /g, `error_log ${directory}/error.log `);
  for (const [from, to] of Object.entries(replaced)) {
    if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
    text = text.replaceAll(from, to);
  }
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${directory}/${name};`,
  );
  text = `${process.getuid?.() === 0 ? 'user root;\n' : ''}pid ${directory}/pid;\n${text.replace('http {', `http {\n${temporary.join('\n')}`)}`;
  const path = join(directory, 'nginx.conf');
  await writeFile(path, text);
  const child = spawn(program, ['-e', 'stderr', '-c', path, '-g', 'daemon off;'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return running(
    child,
    directory,
    [...text.matchAll(/listen (?:[\d.]+:)?(\d+)/g)].map(([, port]) => Number(port)),
  );
}

async function running(
  child: ChildProcess,
  directory: string,
  ports: readonly number[],
): Promise<Proxy> {
  let output = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const stop = async () => {
    if (child.exitCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await until(async () => {
      if (child.exitCode !== null) throw new Error(output);
      return (await Promise.all(ports.map(isOpen))).every(Boolean);
    });
  } catch (error) {
    await stop();
    throw new Error(`it did not start: ${output}`, { cause: error });
  }
  return { directory, stop };
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () =>
      resolve(false),
    );
    socket.once('connect', () => socket.destroy());
  });
}

export async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  listener.close();
  return typeof address === 'object' && address ? address.port : 0;
}
