import { createHash } from 'node:crypto';

/** How our own pages look. */
export const PAGE_STYLE = `
body { font: 1.05rem/1.5 system-ui, sans-serif; margin: 0; color: #1d2433; background: #f3f4f7; }
main { max-width: 26rem; margin: 12vh auto 2rem; padding: 2rem; background: #fff; border: 1px solid #d9dce3; border-radius: 10px; }
h1 { font-size: 1.35rem; line-height: 1.25; margin: 0 0 1rem; }
label { display: block; font-weight: 600; margin-bottom: .3rem; }
input { width: 100%; box-sizing: border-box; font: inherit; padding: .55rem .7rem; border: 1px solid #8b93a5; border-radius: 6px; }
button { font: inherit; font-weight: 600; margin-top: 1rem; padding: .6rem 1.1rem; color: #fff; background: #1f4fbf; border: 0; border-radius: 6px; cursor: pointer; }
button:disabled { opacity: .6; cursor: default; }
input:focus-visible, button:focus-visible { outline: 3px solid #9db8ff; outline-offset: 1px; }
code { overflow-wrap: anywhere; }
[role=alert] { color: #9c1c1c; font-weight: 600; }
`;

/** What a policy allows this very text by (CSP 3 §8.1). */
export const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
