"""python -m omero_server --database URL --ssl-port N --certificate FILE --key FILE
--tcp-port N --files DIR [--script-timeout S] [--version V]"""

import argparse
import signal
import sys
from pathlib import Path

import Ice
import omero
import omero.ObjectFactoryRegistrar
import omero.clients
import omero.rtypes

from .database import Database
from .processor import Processor
from .router import Router
from .sessions import Sessions

ROUTER = "OMERO.Glacier2/router"


class Server:
    """What all sessions share."""

    def __init__(self, config, files, processor):
        self.config = config
        self.files = files
        self.processor = processor
        self.texts = {}


def arguments():
    parser = argparse.ArgumentParser(prog="omero_server")
    parser.add_argument("--database", required=True, help="URL of the sample OMERO's database")
    parser.add_argument("--ssl-port", type=int, required=True)
    parser.add_argument("--tcp-port", type=int, required=True)
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--files", required=True, type=Path, help="a directory for files that are uploaded")
    parser.add_argument("--config", action="append", default=[], metavar="NAME=VALUE", help="a setting of the server")
    parser.add_argument("--script-timeout", type=float, default=600, help="in seconds")
    parser.add_argument("--script-python", default=sys.executable, help="what runs scripts")
    parser.add_argument("--prepared-scripts", action="store_true", help="run them where OMERO's modules are loaded already")
    parser.add_argument("--version", default="5.6.14", help="what it says its version is")
    return parser.parse_args()


def communicator(options):
    properties = Ice.createProperties()
    for name, value in {
        "Ice.Plugin.IceSSL": "IceSSL:createIceSSL",
        "IceSSL.CertFile": options.certificate,
        "IceSSL.KeyFile": options.key,
        "IceSSL.VerifyPeer": "0",
        "IceSSL.Protocols": "TLS1_0,TLS1_1,TLS1_2",
        "IceSSL.Ciphers": "HIGH",
        "Ice.ThreadPool.Server.SizeMax": "20",
        "Omero.Endpoints": f"ssl -h 127.0.0.1 -p {options.ssl_port}:tcp -h 127.0.0.1 -p {options.tcp_port}",
    }.items():
        properties.setProperty(name, value)
    settings = Ice.InitializationData()
    settings.properties = properties
    ice = Ice.initialize(settings)
    # Without these, the first call with an object as its argument fails.
    omero.ObjectFactoryRegistrar.registerObjectFactory(ice, None)
    for factories in omero.rtypes.ObjectFactories.values():
        factories.register(ice)
    return ice


def main():
    options = arguments()
    ice = communicator(options)
    signal.signal(signal.SIGTERM, lambda *_: ice.shutdown())
    config = {
        "omero.version": options.version,
        "omero.upgrades.url": "",
        "omero.router.insecure": f"{ROUTER}:tcp -p {options.tcp_port} -h @omero.host@",
        **dict(each.split("=", 1) for each in options.config),
    }
    options.files.mkdir(exist_ok=True)
    python = None if options.prepared_scripts else options.script_python
    server = Server(config, options.files, Processor(options.tcp_port, options.files, options.script_timeout, python))
    adapter = ice.createObjectAdapter("Omero")
    adapter.add(Router(adapter, Sessions(Database(options.database)), server), ice.stringToIdentity(ROUTER))
    adapter.activate()
    print("ready", flush=True)
    ice.waitForShutdown()
    ice.destroy()


if __name__ == "__main__":
    sys.exit(main())
