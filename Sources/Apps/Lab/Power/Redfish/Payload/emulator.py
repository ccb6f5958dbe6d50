# SPDX-License-Identifier: Apache-2.0
"""A Redfish service of the lab: sushy-tools' emulator, whose only system is a machine of the lab.

Its argument is a file of settings: address, port, user, password, certificate and key, the UUID and the name of the
machine, and the program that switches it, which is called as ipmi_sim calls its chassis_control.
"""

import json
import os
import ssl
import subprocess
import sys

import bcrypt
from sushy_tools import error
from sushy_tools.emulator import main as emulator
from sushy_tools.emulator.resources.systems import base
from sushy_tools.emulator.resources.systems import fakedriver

with open(sys.argv[1], encoding="utf-8") as file:
    settings = json.load(file)


def chassis(*request):
    """Asks the program that switches the machine."""
    done = subprocess.run(settings["chassis"] + list(request), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise error.FishyError(done.stderr.strip(), 403)
    return done.stdout.strip().partition(":")[2]


class Machine(base.AbstractSystemsDriver):
    """The machine, as what the emulator calls a driver."""

    mode = "Legacy"

    @classmethod
    def initialize(cls, config, logger):
        return cls

    @property
    def driver(self):
        return "<lab>"

    @property
    def systems(self):
        return [settings["uuid"]]

    def uuid(self, identity):
        if identity not in (settings["uuid"], settings["name"]):
            raise error.NotFound(f"There is no system {identity}")
        return settings["uuid"]

    def name(self, identity):
        self.uuid(identity)
        return settings["name"]

    def get_power_state(self, identity):
        return "On" if chassis("get", "power") == "1" else "Off"

    def set_power_state(self, identity, state):
        requests = {
            "On": ("power", "1"), "ForceOn": ("power", "1"), "ForceOff": ("power", "0"),
            "ForceRestart": ("reset", "1"), "GracefulShutdown": ("shutdown", "1"),
        }
        if state not in requests:
            raise error.BadRequest(f"{state} is no way to reset it")
        chassis("set", *requests[state])

    def get_boot_device(self, identity):
        return {"pxe": "Pxe", "default": "Hdd"}.get(chassis("get", "boot"))

    def set_boot_device(self, identity, boot_source):
        devices = {"Pxe": "pxe", "Hdd": "default", "None": "none"}
        if boot_source not in devices:
            raise error.BadRequest(f"{boot_source} is nothing that it boots from")
        chassis("set", "boot", devices[boot_source])

    def get_boot_mode(self, identity):
        return self.mode

    def set_boot_mode(self, identity, boot_mode):
        Machine.mode = boot_mode

    def get_nics(self, identity):
        return []


fakedriver.FakeDriver = Machine
accounts = settings["certificate"] + ".accounts"
with open(accounts, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
    hashed = bcrypt.hashpw(settings["password"].encode(), bcrypt.gensalt(4)).decode()
    file.write(f"{settings['user']}:{hashed}\n")
emulator.app.configure(extra_config={
    "SUSHY_EMULATOR_FAKE_DRIVER": True, "SUSHY_EMULATOR_FEATURE_SET": "minimum", "SUSHY_EMULATOR_AUTH_FILE": accounts,
})
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(settings["certificate"], settings["key"])
emulator.app.run(host=settings["address"], port=settings["port"], ssl_context=context, threaded=True)
