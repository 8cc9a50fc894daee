"""A lab of three sites, and what is measured in it."""

import contextlib
import json
import os
import re
import signal
import statistics
import subprocess
import threading
import time

NEAR, FAR, BOOTSTRAP = "lsu", "cern", "ufl"


class Failure(Exception):
    """What the operator is told in place of a stack trace."""


def output(command, limit=60):
    """Runs a command to its end and returns what it prints."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{' '.join(command)}: no end after {limit} s") from error
    if done.returncode:
        raise Failure(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def end(process):
    """Ends a process that this program started."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Lab:
    """One lab, up while the context lasts."""

    def __init__(self, programs, directory, name, plain):
        self.ipop, self.directory, self.name, self.plain = f"{programs}/ipop", directory, name, plain
        self.programs = programs

    def __enter__(self):
        kind = ["--plain"] if self.plain else ["--programs", self.programs]
        table = output([self.ipop, "lab", "up", "--sites", "3", *self.where, *kind], limit=240)
        rows = [line.split() for line in table.splitlines()]
        rows = {row[0]: row for row in rows if len(row) > 5 and row[0] in (NEAR, FAR, BOOTSTRAP)}
        self.hosts = {site: row[5] for site, row in rows.items()}
        self.pids = {site: int(row[-1]) for site, row in rows.items() if row[-2] == "pid"}
        return self

    def __exit__(self, *_):
        subprocess.run([self.ipop, "lab", "down", *self.where], capture_output=True, timeout=60, check=False)

    @property
    def where(self):
        return ["--name", self.name, "--lab-dir", self.directory]

    def at(self, node, *command):
        """A command as it is run at a node: SITE or SITE-host."""
        return ["ip", "netns", "exec", f"ipop-{self.name}-{node}", *command]

    # ---- Traffic from the near site's host to the far site's ----

    def iperf(self, *options, seconds):
        """The `end` of iperf3's report."""
        server = subprocess.Popen(
            self.at(f"{FAR}-host", "iperf3", "--server", "--one-off", "--forceflush"),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)
        try:
            for line in server.stdout:
                if "listening" in line:
                    break
            # A server that nobody comes to would wait for ever; what it prints is thrown away.
            report = output(
                self.at(f"{NEAR}-host", "iperf3", "--json", "--client", self.hosts[FAR], "--time", str(seconds),
                        *options), limit=seconds + 30)
            return json.loads(report)["end"]
        finally:
            end(server)
            server.stdout.close()

    def tcp(self, streams, seconds):
        """Received bits a second, and bytes."""
        received = self.iperf("--parallel", str(streams), seconds=seconds)["sum_received"]
        return received["bits_per_second"], received["bytes"]

    def small_packets(self, seconds, bitrate="0"):
        """64-byte datagrams that arrive in a second, and how many did; as fast as iperf3 can unless told otherwise."""
        total = self.iperf("--udp", "--bitrate", bitrate, "--length", "64", seconds=seconds)["sum"]
        arrived = total["packets"] - total["lost_packets"]
        return arrived / total["seconds"], arrived

    def round_trip(self, count=300):
        """The median of `count` pings, in microseconds."""
        text = output(self.at(f"{NEAR}-host", "ping", "-i", "0.01", "-c", str(count), self.hosts[FAR]))
        times = [float(found) for found in re.findall(r"time=([\d.]+) ms", text)]
        if len(times) < count * 0.9:
            raise Failure(f"only {len(times)} of {count} pings came back")
        return statistics.median(times) * 1000

    # ---- Gateways ----

    def cpu_seconds(self, sites):
        """Processor time of the sites' ipopd, user and system."""
        total = 0
        for site in sites:
            with open(f"/proc/{self.pids[site]}/stat", encoding="ascii") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    def memory(self, what):
        """The largest of all gateways, in megabytes; `what` is VmHWM (the peak) or RssAnon (without files)."""
        sizes = []
        for pid in self.pids.values():
            with open(f"/proc/{pid}/status", encoding="ascii") as file:
                sizes.append(int(re.search(rf"{what}:\s+(\d+) kB", file.read())[1]) * 1024 / 1e6)
        return max(sizes)

    def wan_bytes(self, site):
        """Bytes that a gateway has sent and received on the WAN, Ethernet headers included."""
        fields = re.search(r"^ *wan: *(.*)$", output(self.at(site, "cat", "/proc/net/dev")), re.M)[1].split()
        return int(fields[0]) + int(fields[8])

    def wait_joined(self, site):
        """Blocks until a site reaches both others."""
        for other in {NEAR, FAR, BOOTSTRAP} - {site}:
            output([self.ipop, "lab", "exec", *self.where, site, "--", "ipop", "wait", "--timeout", "60", other], 90)

    @contextlib.contextmanager
    def restarted(self, sites, environment):
        """Runs the sites' ipopd anew with other words in the environment, and ends them."""
        started = []
        try:
            for site in sites:
                started.append(self.restart(site, environment))
            for site in sites:
                self.wait_joined(site)
            yield
        finally:
            for process in started:
                end(process)

    def stop(self, site):
        """Asks a site's ipopd to end, and waits."""
        pid = self.pids[site]
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 10
        while True:
            # The lab's own are no children of this program; a zombie has no command line.
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    if not file.read():
                        return
            except FileNotFoundError:
                return
            if time.monotonic() > deadline:
                raise Failure(f"the gateway of {site} does not stop")
            time.sleep(0.005)

    def command(self, site):
        """The command line with which the lab has started a gateway."""
        with open(f"/proc/{self.pids[site]}/cmdline", "rb") as file:
            return [word.decode() for word in file.read().split(b"\0")[:-1]]

    def restart(self, site, environment=None, command=None):
        command = command or self.command(site)
        self.stop(site)
        return self.start(site, command, environment)

    def start(self, site, command, environment=None):
        """Starts a gateway of the lab as a child of this program."""
        with open(f"{self.directory}/{site}-benchmark.log", "ab") as log:
            process = subprocess.Popen(
                self.at(site, *command), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env={**os.environ, **(environment or {})})
        self.pids[site] = process.pid
        return process

    def start_times(self, count):
        """Seconds from the start of the near site's ipopd to the far host's first answer, `count` times."""
        command = self.command(NEAR)
        times, process = [], None
        try:
            for _ in range(count):
                self.stop(NEAR)
                if process:
                    process.wait()
                process, seconds = self.first_answer(command)
                times.append(seconds)
        finally:
            if process and len(times) < count:
                end(process)
        return times

    def first_answer(self, command, limit=30):
        ping = subprocess.Popen(
            self.at(f"{NEAR}-host", "ping", "-n", "-D", "-i", "0.01", self.hosts[FAR]),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)
        # Its own limit, -w, would end it with the first ICMP error.
        watch = threading.Timer(limit, ping.kill)
        watch.start()
        process = None
        try:
            begin = time.time()
            process = self.start(NEAR, command)
            for line in ping.stdout:
                answer = re.match(r"\[([\d.]+)\] \d+ bytes from .* time=([\d.]+) ms", line)
                if answer and float(answer[1]) > begin:
                    return process, float(answer[1]) - begin
            raise Failure(f"no answer within {limit} s of the start of ipopd")
        except BaseException:
            if process:
                end(process)
            raise
        finally:
            watch.cancel()
            end(ping)
            ping.stdout.close()
