/** Says to the person at the terminal what they have to know, on standard output; everything else goes to the log. */
export abstract class Announcements {
  abstract say(line: string): void;
}

export class TerminalAnnouncements extends Announcements {
  say(line: string): void {
    process.stdout.write(`${line}\n`);
  }
}
