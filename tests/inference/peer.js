// A TLS 1.3 peer on Node.js (its own OpenSSL).
//
//   peer.js server LIST   each line: PORT CERTIFICATES KEY ASK CLIENT_CA
//   peer.js client LIST   each line: ADDRESS PORT SERVER_CA CERTIFICATES KEY HASH
//
// ASK is none, request or require; "-" stands for "none given".
const fs = require('fs');
const tls = require('tls');

const [, , role, list] = process.argv;
const lines = fs.readFileSync(list, 'utf8').trim().split('\n').map((line) => line.split(' '));
const read = (file) => (file === '-' ? undefined : fs.readFileSync(file));

function serve([port, certificates, key, ask, authority]) {
  const options = {
    cert: read(certificates), key: read(key), ca: read(authority), minVersion: 'TLSv1.3',
    requestCert: ask !== 'none', rejectUnauthorized: ask === 'require',
  };
  const server = tls.createServer(options, (socket) => {
    socket.on('error', () => {});
    socket.on('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nhello from Node\n'));
  });
  server.on('tlsClientError', () => {});
  server.listen(Number(port), '0.0.0.0');
}

function connect([host, port, authority, certificates, key, hash]) {
  return new Promise((done) => {
    const options = {
      host, port: Number(port), ca: read(authority), cert: read(certificates), key: read(key),
      servername: 'localhost', minVersion: 'TLSv1.3',
      ciphers: hash === 'sha256' ? 'TLS_AES_128_GCM_SHA256' : 'TLS_AES_256_GCM_SHA384',
    };
    const socket = tls.connect(options, () => socket.write('GET / HTTP/1.0\r\n\r\n'));
    socket.setTimeout(2000, () => socket.destroy());
    socket.on('error', () => {});
    socket.on('data', () => {});
    socket.on('close', done);
  });
}

(async () => {
  if (role === 'server') {
    lines.forEach(serve);
  } else {
    for (const line of lines) await connect(line);
  }
})();
