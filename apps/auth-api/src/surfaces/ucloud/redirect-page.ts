const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string) => text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? '');

/** A page that goes on at once. Some browsers drop the cookies of a redirect, not those of a page (ucloud-users-api §7.3). */
export const redirectPage = (target: string) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url=${escaped(target)}">
<title>Logged in</title>
<p>You are logged in. <a href="${escaped(target)}">Go on</a>.</p>
</html>
`;
