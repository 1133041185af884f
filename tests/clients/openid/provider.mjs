// The OpenID Provider of the tests: the library's own pages, sessions and checks.
// Standard input: one JSON line with what it serves. Standard output: its port, then "ready".
import { createServer } from "node:http";
import { generateKeyPairSync } from "node:crypto";
import { createInterface } from "node:readline";
import { Provider } from "oidc-provider";

const key = (type, options, alg) => {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: "jwk" }), use: "sig", alg, kid: alg };
};

const serve = (issuer, { clients, accounts, claims, inToken }) => {
  const provider = new Provider(issuer, {
    clients,
    claims: { openid: ["sub", "amr"], ...claims },
    scopes: ["openid", ...Object.keys(claims)],
    conformIdTokenClaims: !inToken,
    cookies: { keys: ["of a test"] },
    jwks: {
      keys: [
        key("rsa", { modulusLength: 2048 }, "RS256"),
        key("ec", { namedCurve: "P-256" }, "ES256"),
      ],
    },
    features: { backchannelLogout: { enabled: true } },
    // The hub stands beside it, where the library's own guard would not call.
    fetch: (url, { dispatcher, ...options }) => fetch(url, options),
    pkce: { required: () => true },
    findAccount: (_, id) =>
      id in accounts && { accountId: id, claims: () => ({ sub: id, ...accounts[id].claims }) },
  });
  // The library's page of a log-in takes any password; how strong it was is the account's.
  const finish = provider.interactionFinished.bind(provider);
  provider.interactionFinished = (request, response, result, options) => {
    if (result.login) result.login.amr = accounts[result.login.accountId]?.amr;
    return finish(request, response, result, options);
  };
  return provider.callback();
};

let answer = (_, response) => response.writeHead(503).end();
const server = createServer((request, response) => answer(request, response));
server.listen(0, "localhost", () => {
  const { port } = server.address();
  console.log(port);
  createInterface({ input: process.stdin }).once("line", (line) => {
    answer = serve(`http://localhost:${port}`, JSON.parse(line));
    console.log("ready");
  });
});
process.stdin.once("end", () => process.exit());
