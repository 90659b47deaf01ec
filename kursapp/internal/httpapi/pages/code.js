"use strict";

// A mail links to this page with a code in the fragment of the URL, the part that
// browsers send to no server. The code is sent once the button is pressed, not
// before: what follows links by itself, as mail scanners do, uses nothing up.
(() => {
  const timeout = 30_000; // milliseconds
  const form = document.getElementById("form");
  const codeRow = document.getElementById("code-row");
  const code = document.getElementById("code");
  const password = document.getElementById("password"); // null where no password is asked for
  const show = document.getElementById("show"); // likewise
  const button = document.getElementById("submit");
  const error = document.getElementById("error");
  const done = document.getElementById("done");
  const label = button.textContent;

  // The code of the link. It is kept here and nowhere else: neither in a field,
  // which browsers remember, nor in any storage.
  let linked = "";
  let busy = false;

  // codeIn finds the code in the fragment of a link, or returns "".
  function codeIn(link) {
    const fragment = link.slice(link.indexOf("#") + 1);
    return new URLSearchParams(fragment).get("code") || "";
  }

  // start shows the form for the link that the page was opened with.
  function start() {
    linked = codeIn(location.hash);
    if (location.hash) {
      history.replaceState(null, "", location.pathname + location.search);
    }
    askForCode(!linked);
    done.textContent = "";
    error.textContent = "";
    form.hidden = false;
  }

  function askForCode(ask) {
    codeRow.hidden = !ask;
    code.disabled = !ask; // so that it is not required where nobody can see it
    code.value = "";
  }

  // enteredCode takes the whole link too: that is what people copy.
  function enteredCode() {
    const text = code.value.trim();
    return codeIn(text) || text;
  }

  // send returns the answer's status and JSON. Its mode stays "cors": in others,
  // with this page's referrer policy, the Origin header would be null.
  async function send() {
    const message = { token: linked || enteredCode() };
    if (password) {
      message.password = password.value;
    }
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang },
      body: JSON.stringify(message),
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(timeout),
    });
    return { ok: answer.ok, body: await answer.json() };
  }

  function succeed(body) {
    form.hidden = true;
    linked = "";
    form.reset();
    showPassword(false);
    done.textContent = form.dataset.done ? form.dataset.done.replace("{email}", () => body.email) : body.message;
    done.focus();
  }

  // fail says what went wrong, and leads to the field where it can be put right.
  function fail(problem) {
    error.textContent = problem?.detail || form.dataset.unreachable;
    if (problem?.status !== 422) {
      button.focus(); // to try again
    } else if (problem.errors?.some((part) => part.location === "body.password")) {
      password.focus();
    } else {
      linked = ""; // nothing is to be had with it any more
      if (codeRow.hidden) {
        askForCode(true);
      }
      code.focus();
    }
  }

  function setBusy(on) {
    busy = on;
    // Not disabled: that would take the focus away.
    button.setAttribute("aria-disabled", String(on));
    button.textContent = on ? form.dataset.busy : label;
  }

  function showPassword(on) {
    if (password) {
      password.type = on ? "text" : "password";
    }
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) {
      return;
    }
    setBusy(true);
    error.textContent = "";
    let answer = { ok: false, body: null };
    try {
      answer = await send();
    } catch {
      // No answer, or none of kursapp's: fail has a text for it.
    }
    setBusy(false);
    if (answer.ok) {
      succeed(answer.body);
    } else {
      fail(answer.body);
    }
  });
  if (show) {
    show.addEventListener("change", () => showPassword(show.checked));
  }
  window.addEventListener("hashchange", () => {
    if (codeIn(location.hash)) {
      start(); // another mail's link, opened in the same tab
    }
  });
  start();
})();
