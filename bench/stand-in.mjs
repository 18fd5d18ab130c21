// The stand-in for EventStoreDB in a process of its own; it keeps its log in memory and never waits for a disk.
import { resolve } from 'node:path';
import { runnerImport } from 'vite';

const source = '../libs/event-store/src/eventstoredb/testing/stand-in-server.ts';
const { module } = await runnerImport(resolve(import.meta.dirname, source), { configFile: false, logLevel: 'error' });
const server = await module.StandInServer.start();
console.log(`ready at ${server.connectionString}`);
