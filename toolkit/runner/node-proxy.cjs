// Loaded into every Node process of a session: `fetch` takes the way out that http_proxy and https_proxy name.
// Node from 24 on does so by itself (NODE_USE_ENV_PROXY); older ones ignore the variables, and have no public way to
// say it either, so the agent of their own fetch gets a connector that goes through the proxy.
'use strict';
const [major, minor] = process.versions.node.split('.').map(Number);
const own = major > 24 || major === 24 || (major === 22 && minor >= 21);
if (!own && typeof fetch === 'function') {
  const net = require('node:net');
  const tls = require('node:tls');
  const key = Symbol.for('undici.globalDispatcher.1');
  const variable = (name) => process.env[name.toLowerCase()] || process.env[name.toUpperCase()] || '';
  const direct = (host) =>
    variable('no_proxy').split(',').map((one) => one.trim()).filter(Boolean)
      .some((one) => host === one || host.endsWith(`.${one.replace(/^\./, '')}`));

  const connect = (options, done) => {
    const host = options.hostname.replace(/^\[|\]$/g, '');
    const secure = options.protocol === 'https:';
    const port = Number(options.port) || (secure ? 443 : 80);
    const proxy = variable(secure ? 'https_proxy' : 'http_proxy');
    const finish = (socket) => done(null, socket);
    const encrypt = (socket) => {
      const made = tls.connect({ socket, host, servername: options.servername || host, ALPNProtocols: ['http/1.1'] });
      made.once('secureConnect', () => finish(made)).once('error', done);
    };
    if (!proxy || direct(host)) {
      const socket = net.connect({ host, port }).once('error', done);
      socket.once('connect', () => (secure ? encrypt(socket) : finish(socket)));
      return;
    }
    const way = new URL(proxy);
    const socket = net.connect({ host: way.hostname, port: Number(way.port) || 80 }).once('error', done);
    socket.once('connect', () => {
      if (!secure) { finish(socket); return; }
      socket.write(`CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`);
      let head = '';
      const read = (chunk) => {
        head += chunk.toString('latin1');
        if (!head.includes('\r\n\r\n')) return;
        socket.removeListener('data', read);
        const status = head.split(' ')[1];
        if (status === '200') { encrypt(socket); return; }
        socket.destroy();
        const rule = (/^rule: (.*)$/m.exec(head) || [])[1];
        done(new Error(`${host} is blocked by the network policy of this session (${rule || status}): do not retry`));
      };
      socket.on('data', read);
    });
  };

  const original = globalThis.fetch;
  let prepared;
  const prepare = async () => {
    await original('data:,').catch(() => {}); // makes Node load its own client
    const agent = globalThis[key];
    if (agent) {
      globalThis[key] = new agent.constructor({ connect });
      const plain = agent.constructor;
      // plain http takes the proxy's own form of a request, which a connector cannot give: the whole address
      const through = globalThis[key];
      const dispatch = through.dispatch.bind(through);
      through.dispatch = (options, handler) => {
        const origin = new URL(options.origin);
        if (origin.protocol === 'http:' && variable('http_proxy') && !direct(origin.hostname)) {
          const headers = Array.isArray(options.headers) ? [...options.headers, 'host', origin.host] : { ...options.headers, host: origin.host };
          return dispatch({ ...options, path: `${origin.origin}${options.path}`, headers }, handler);
        }
        return dispatch(options, handler);
      };
      void plain;
    }
  };
  globalThis.fetch = async function fetch(...words) {
    prepared = prepared || prepare();
    await prepared;
    return original.apply(this, words);
  };
}
