/** The dashboard's login form; no script, no resource from elsewhere, readable in light and dark. */
export function loginPage(action: string, message = ""): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Redoubt: sign in</title><style>
:root{color-scheme:light dark;font:16px/1.4 system-ui,sans-serif}
body{min-height:90vh;display:grid;place-items:center;margin:0}
form{width:min(20rem,86vw);display:grid;gap:.75rem}
h1{font-size:1.25rem;margin:0}p{margin:0;color:#b3261e}
@media(prefers-color-scheme:dark){p{color:#f2b8b5}}
label{display:grid;gap:.25rem}input,button{font:inherit;padding:.6rem;border-radius:.4rem;border:1px solid #888}
button{background:#1f5f6b;color:#fff;border-color:#1f5f6b;cursor:pointer}
</style></head><body><form method="post" action="${action}">
<h1>Redoubt dashboard</h1>${message ? `<p role="alert">${message}</p>` : ""}
<label>User <input name="user" autocomplete="username" required autofocus></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Sign in</button></form></body></html>`;
}
