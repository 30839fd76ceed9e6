/**
 * Connects and prints what it is greeted with. Usage: `_connect.ts ADDRESS PORT`.
 *
 * @module
 */

const [hostname, port] = Deno.args;
using connection = await Deno.connect({
  hostname: hostname!,
  port: Number(port),
});
console.log(await new Response(connection.readable).text());
