// Ends with 0 if the process of this container is ready, for container engines: the slim image has no curl.
const { AUTHLOG_PROJECTOR_PORT, AUTHLOG_PORT } = process.env;
const port = AUTHLOG_PROJECTOR_PORT || AUTHLOG_PORT || '8080';

try {
  const answer = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(4_000) });
  console.log(await answer.text());
  process.exitCode = answer.ok ? 0 : 1;
} catch (error) {
  console.log(`no answer: ${error.cause?.code ?? error.name}`);
  process.exitCode = 1;
}
