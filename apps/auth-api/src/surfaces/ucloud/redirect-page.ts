import { escapeHtml } from '#mail/letters/html.js';

/** A page that goes on at once. Some browsers drop the cookies of a redirect, not those of a page (ucloud-users-api §7.3). */
export const redirectPage = (target: string) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url=${escapeHtml(target)}">
<title>Logged in</title>
<p>You are logged in. <a href="${escapeHtml(target)}">Go on</a>.</p>
</html>
`;
