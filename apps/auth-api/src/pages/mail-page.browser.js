// Runs in the browser, on the pages that mails lead to. What it may show stands in the page; it only decides what is seen.

const main = document.querySelector('main');
const token = location.hash.slice(1);
// From here on nobody finds the token in the address bar or the history.
history.replaceState(null, '', location.pathname);

function show(step) {
  for (const section of main.querySelectorAll('section')) section.hidden = section.dataset.step !== step;
  showError(null);
  main.querySelector('section:not([hidden]) input')?.focus();
}

function showError(code) {
  const errors = [...main.querySelectorAll('[role=alert]')];
  const shown = errors.find((error) => error.dataset.error === code) ?? errors.find((error) => !error.dataset.error);
  for (const error of errors) error.hidden = code === null || error !== shown;
}

async function send(form) {
  const body = Object.fromEntries(new FormData(form));
  if ('token' in form.dataset) body.token = token;
  const answer = await fetch(form.action, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (answer.ok) show(form.dataset.leadsTo);
  else showError((await answer.json()).errorCode);
}

for (const form of document.forms)
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const button = form.querySelector('button');
    button.disabled = true;
    send(form)
      .catch(() => showError(''))
      .finally(() => {
        button.disabled = false;
      });
  });

show(token === '' ? main.dataset.withoutToken : main.dataset.withToken);
