// Small things that make pages nicer. Everything works without this file.

// Times are shown in the visitor's zone, the exact one on hover.
const short = new Intl.DateTimeFormat(undefined, {dateStyle: 'medium', timeStyle: 'short'});
function tellTimes(within) {
  for (const t of within.querySelectorAll('time[datetime]:not([data-told])')) {
    const at = new Date(t.dateTime);
    if (t.title) t.title = short.format(at);
    else { t.title = t.textContent; t.textContent = short.format(at); }
    t.dataset.told = '';
  }
}

// A form, or a button, with data-ask is sent only after a yes.
document.addEventListener('submit', e => {
  const ask = e.submitter?.dataset.ask || e.target.dataset.ask;
  if (ask && !window.confirm(ask)) e.preventDefault();
});

// A field with data-send sends its form when it is changed.
document.addEventListener('change', e => {
  if (e.target.matches('[data-send]')) e.target.form.requestSubmit();
});

// A text with data-copy is copied by a click.
document.addEventListener('click', async e => {
  const text = e.target.closest('[data-copy]');
  if (!text || String(getSelection())) return;
  await navigator.clipboard?.writeText(text.textContent);
  text.dataset.copied = '';
  setTimeout(() => delete text.dataset.copied, 1500);
});

// A box with data-all ticks all boxes of its table.
document.addEventListener('change', e => {
  if (!e.target.matches('[data-all]')) return;
  for (const box of e.target.closest('table').querySelectorAll('tbody input[type=checkbox]')) box.checked = e.target.checked;
});

// Ctrl K goes to the search.
document.addEventListener('keydown', e => {
  if ((e.ctrlKey || e.metaKey) && e.key === 'k') {
    e.preventDefault();
    document.getElementById('find')?.focus();
  }
});

// What can be moved sideways can be moved by keys too: it takes the focus, unless
// something inside does.
const sideways = new ResizeObserver(all => {
  for (const {target: box} of all) {
    if (box.scrollWidth > box.clientWidth && !box.querySelector('a, button, input, select, textarea, summary')) box.tabIndex = 0;
    else box.removeAttribute('tabindex');
  }
});
const watchSideways = within => within.querySelectorAll('.wide, pre').forEach(box => sideways.observe(box));

// When work on the server is over the page goes on to what came of it.
document.addEventListener('htmx:sseClose', e => {
  const job = e.target.closest('[sse-connect]');
  if (job && e.detail.type === 'message') location.assign(job.getAttribute('sse-connect').replace(/\/events$/, ''));
});

document.addEventListener('htmx:load', e => { tellTimes(e.target); watchSideways(e.target); });
tellTimes(document);
watchSideways(document);
