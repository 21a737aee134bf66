"""A real Chromium, headless, driven by its DevTools protocol over a pair of
pipes: what a page logs, breaks and shows is heard and seen."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--headless", "--remote-debugging-pipe", "--no-sandbox",
    "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-extensions", "--disable-dev-shm-usage",
    "--hide-scrollbars", "--mute-audio", "--no-proxy-server",
    "--lang=en-GB"]


class BrowserError(Exception):
	pass


def find_program():
	for name in PROGRAMS:
		path = shutil.which(name)
		if path:
			return path
	raise BrowserError("there is no chromium")


def move_up(fd):
	"""Away from the descriptors that the child gets."""
	moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10)
	os.close(fd)
	return moved


class Browser:
	def __init__(self, timeout_s=30):
		self.timeout_s = timeout_s
		self.profile = tempfile.mkdtemp(prefix="assay-browser.")
		ends = [move_up(fd) for pair in (os.pipe(), os.pipe())
		    for fd in pair]
		self.to_read, self.writing, self.reading, self.to_write = ends
		self.buffer, self.number, self.events = b"", 0, []
		self.sessions = {}	# id -> its Page
		self.process = subprocess.Popen([find_program()] + FLAGS +
		    ["--user-data-dir=" + self.profile, "about:blank"],
		    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
		    stderr=subprocess.DEVNULL, close_fds=False,
		    preexec_fn=self.be_child, start_new_session=True,
		    env=dict(os.environ, HOME=self.profile, TZ="UTC"))
		os.close(self.to_read)
		os.close(self.to_write)

	def be_child(self):
		os.dup2(self.to_read, 3)	# and not close-on-exec
		os.dup2(self.to_write, 4)

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.close()

	def close(self):
		try:
			self.call("Browser.close")
			self.process.wait(5)
		except (BrowserError, OSError, subprocess.TimeoutExpired):
			self.process.kill()
			self.process.wait()
		os.close(self.writing)
		os.close(self.reading)
		shutil.rmtree(self.profile, ignore_errors=True)

	def receive(self, deadline):
		"""The next message, or None where none comes in time."""
		while b"\0" not in self.buffer:
			left_s = deadline - time.monotonic()
			if left_s <= 0 or not select.select([self.reading], [],
			    [], left_s)[0]:
				return None
			octets = os.read(self.reading, 1 << 20)
			if not octets:
				raise BrowserError("chromium has ended")
			self.buffer += octets
		message, self.buffer = self.buffer.split(b"\0", 1)
		return json.loads(message)

	def dispatch(self, message):
		page = self.sessions.get(message.get("sessionId"))
		if page and "method" in message:
			page.note(message["method"], message["params"])

	def call(self, method, session=None, **parameters):
		self.number += 1
		number = self.number
		message = {"id": number, "method": method,
		    "params": parameters}
		if session:
			message["sessionId"] = session
		os.write(self.writing, json.dumps(message).encode() + b"\0")
		deadline = time.monotonic() + self.timeout_s
		while True:
			answer = self.receive(deadline)
			if answer is None:
				raise BrowserError("no answer to " + method)
			if answer.get("id") != number:
				self.dispatch(answer)
				continue
			if "error" in answer:
				raise BrowserError("%s: %s" % (method,
				    answer["error"]["message"]))
			return answer["result"]

	def wait(self, condition, timeout_s, what):
		"""The first true value of CONDITION()."""
		end = time.monotonic() + timeout_s
		while True:
			value = condition()
			if value:
				return value
			if time.monotonic() > end:
				raise BrowserError("waited %g s for %s" %
				    (timeout_s, what))
			message = self.receive(time.monotonic() + 0.05)
			if message:
				self.dispatch(message)

	def page(self, width, height, is_dark=False, is_phone=False):
		return Page(self, width, height, is_dark, is_phone)


class Page:
	"""A tab of its own, without anything kept from others."""

	def __init__(self, browser, width, height, is_dark, is_phone):
		self.browser = browser
		self.problems = []	# of its console, its policies, its loads
		self.asked = []		# URLs
		self.is_loaded = False
		self.answers = {}	# URL's path -> text to answer with
		context = browser.call("Target.createBrowserContext")
		self.context = context["browserContextId"]
		target = browser.call("Target.createTarget", url="about:blank",
		    browserContextId=self.context)["targetId"]
		self.session = browser.call("Target.attachToTarget",
		    targetId=target, flatten=True)["sessionId"]
		browser.sessions[self.session] = self
		for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
			self.call(domain + ".enable")
		self.call("Emulation.setDeviceMetricsOverride", width=width,
		    height=height, deviceScaleFactor=2 if is_phone else 1,
		    mobile=is_phone)
		self.call("Emulation.setEmulatedMedia", features=[
		    {"name": "prefers-color-scheme",
			"value": "dark" if is_dark else "light"}])

	def call(self, method, **parameters):
		return self.browser.call(method, self.session, **parameters)

	def note(self, method, params):
		if method == "Runtime.consoleAPICalled":
			self.problems.append("console.%s: %s" % (params["type"],
			    " ".join(str(each.get("value",
				each.get("description")))
			    for each in params["args"])))
		elif method == "Runtime.exceptionThrown":
			details = params["exceptionDetails"]
			self.problems.append("exception: %s" % details.get(
			    "exception", {}).get("description",
			    details["text"]))
		elif method == "Log.entryAdded":
			entry = params["entry"]
			self.problems.append("%s %s: %s %s" % (entry["source"],
			    entry["level"], entry["text"],
			    entry.get("url", "")))
		elif method == "Audits.issueAdded":
			self.problems.append("issue: %s" % json.dumps(
			    params["issue"]))
		elif method == "Network.requestWillBeSent":
			self.asked.append(params["request"]["url"])
		elif method == "Page.loadEventFired":
			self.is_loaded = True
		elif method == "Fetch.requestPaused":
			self.fulfil(params)

	def fulfil(self, params):
		path = "/" + params["request"]["url"].split("/", 3)[3]
		self.browser.number += 1
		message = {"id": self.browser.number,
		    "sessionId": self.session,
		    "method": "Fetch.fulfillRequest", "params": {
			"requestId": params["requestId"], "responseCode": 200,
			"responseHeaders": [{"name": "Content-Type",
			    "value": "application/json"}],
			"body": base64.b64encode(
			    self.answers[path].encode()).decode()}}
		os.write(self.browser.writing,
		    json.dumps(message).encode() + b"\0")

	def answer(self, path, text):
		"""Have requests for PATH answered with TEXT from now on."""
		self.answers[path] = text
		self.call("Fetch.enable", patterns=[{"urlPattern": "*" + each}
		    for each in self.answers])

	def open(self, url):
		self.is_loaded = False
		result = self.call("Page.navigate", url=url)
		if "errorText" in result:
			raise BrowserError("%s: %s" % (url,
			    result["errorText"]))
		self.browser.wait(lambda: self.is_loaded,
		    self.browser.timeout_s, "the load of " + url)

	def run(self, expression):
		"""The value of a JavaScript expression; of a promise, what it
		comes to."""
		result = self.call("Runtime.evaluate", expression=expression,
		    returnByValue=True, awaitPromise=True)
		if "exceptionDetails" in result:
			raise BrowserError(result["exceptionDetails"].get(
			    "exception", {}).get("description", expression))
		return result["result"].get("value")

	def wait(self, expression, timeout_s=15):
		return self.browser.wait(lambda: self.run(expression),
		    timeout_s, expression)

	def press(self, key):
		for kind in ("keyDown", "keyUp"):
			self.call("Input.dispatchKeyEvent", type=kind, key=key,
			    code=key)

	def screenshot(self, path):
		"""All of the page, however long."""
		data = self.call("Page.captureScreenshot", format="png",
		    captureBeyondViewport=True)["data"]
		with open(path, "wb") as stream:
			stream.write(base64.b64decode(data))

	def close(self):
		del self.browser.sessions[self.session]
		self.browser.call("Target.disposeBrowserContext",
		    browserContextId=self.context)
