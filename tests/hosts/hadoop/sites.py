"""Hadoop's settings: of a small cluster at one address, and of those who use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

REALM = "AERODROME.TEST"
_KEYTAB = "/etc/hadoop/hadoop.keytab"
NAME_NODE, METASTORE = 8020, 9083
_HADOOP, _SPARK = "/opt/hadoop", "/opt/spark/jars"
DAEMONS: Mapping[str, tuple[str, str]] = {
    "namenode": (_HADOOP, "org.apache.hadoop.hdfs.server.namenode.NameNode"),
    "datanode": (_HADOOP, "org.apache.hadoop.hdfs.server.datanode.DataNode"),
    "resourcemanager": (_HADOOP, "org.apache.hadoop.yarn.server.resourcemanager.ResourceManager"),
    "nodemanager": (_HADOOP, "org.apache.hadoop.yarn.server.nodemanager.NodeManager"),
    "metastore": (_SPARK, "org.apache.hadoop.hive.metastore.HiveMetaStore"),
}
"""Name → the folder with its Java, and its class."""
WAREHOUSE = "/user/hive/warehouse"
Site = dict[str, str]


@dataclass(frozen=True)
class Sites:
    """core-site, hdfs-site, yarn-site and hive-site."""

    core: Site
    hdfs: Site
    yarn: Site
    hive: Site

    def files(self) -> dict[str, str]:
        """Return them as XML, by the names of their files."""
        return {f"{name}-site.xml": xml(site) for name, site in vars(self).items()}


def services(address: str) -> tuple[str, ...]:
    """Return the principals of the cluster at *address* itself, without their realm."""
    return ("hdfs/hadoop", "yarn/hadoop", "hive/hadoop", f"HTTP/{address}")


def of_clients(address: str, *, secured: bool) -> Sites:
    """Return what the users of the cluster at *address* need."""
    core = {"fs.defaultFS": f"hdfs://{address}:{NAME_NODE}"}
    yarn = {
        "yarn.resourcemanager.hostname": address,
        "yarn.application.classpath": "/opt/hadoop/*",
    }
    hive = {"hive.metastore.uris": f"thrift://{address}:{METASTORE}"}
    if not secured:
        return Sites(core, {}, yarn, hive)
    return Sites(
        core | {"hadoop.security.authentication": "kerberos", "hadoop.rpc.protection": "authentication"},
        {
            "dfs.namenode.kerberos.principal": f"hdfs/hadoop@{REALM}",
            "dfs.data.transfer.protection": "authentication",
            "dfs.block.access.token.enable": "true",
        },
        yarn | {"yarn.resourcemanager.principal": f"yarn/hadoop@{REALM}"},
        hive
        | {
            "hive.metastore.sasl.enabled": "true",
            "hive.metastore.kerberos.principal": f"hive/hadoop@{REALM}",
        },
    )


def of_servers(address: str, *, secured: bool) -> Sites:
    """Return what the cluster's own processes need."""
    common = of_clients(address, secured=secured)
    core = common.core | {"hadoop.tmp.dir": "/var/lib/hadoop/data"}
    hdfs = common.hdfs | {
        "dfs.replication": "1",
        "dfs.namenode.datanode.registration.ip-hostname-check": "false",
        "dfs.namenode.safemode.extension": "0",
        # Where WebHDFS sends its users, who know no names of test hosts.
        "dfs.datanode.hostname": address,
    }
    yarn, hive = common.yarn | _yarn(address), common.hive | _hive()
    if secured:
        core |= {"hadoop.security.authorization": "true"} | _acting_for_others() | _secured_http(address)
        hive |= {"hive.metastore.kerberos.keytab.file": _KEYTAB}
        hdfs |= _secured_hdfs()
        yarn |= _secured_yarn()
    return Sites(core, hdfs, yarn, hive)


def _acting_for_others() -> Site:
    """Let Hive's metastore make folders as whoever asks for a table."""
    return {f"hadoop.proxyuser.hive.{which}": "*" for which in ("hosts", "groups")}


def _hive() -> Site:
    return {
        "javax.jdo.option.ConnectionURL": "jdbc:derby:;databaseName=/var/lib/hadoop/tables;create=true",
        "datanucleus.schema.autoCreateAll": "true",
        "hive.metastore.schema.verification": "false",
        "hive.metastore.warehouse.dir": WAREHOUSE,
        # Needs what neither Hive nor Spark brings.
        "hive.async.log.enabled": "false",
    }


def _yarn(address: str) -> Site:
    return {
        "yarn.resourcemanager.scheduler.class": (
            "org.apache.hadoop.yarn.server.resourcemanager.scheduler.fifo.FifoScheduler"
        ),
        "yarn.nodemanager.hostname": address,
        "yarn.nodemanager.resource.memory-mb": "3072",
        "yarn.nodemanager.resource.cpu-vcores": "4",
        "yarn.nodemanager.vmem-check-enabled": "false",
        "yarn.scheduler.minimum-allocation-mb": "256",
        # The disk of the machine that carries the tests may be nearly full.
        "yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage": "100",
    }


def _secured_hdfs() -> Site:
    nodes = {f"dfs.{node}.keytab.file": _KEYTAB for node in ("namenode", "datanode")}
    return nodes | {
        "dfs.datanode.kerberos.principal": f"hdfs/hadoop@{REALM}",
        # Ports of the unprivileged; the web pages are nobody's business here and without TLS.
        "ignore.secure.ports.for.testing": "true",
    }


def _secured_http(address: str) -> Site:
    said = {"type": "kerberos", "kerberos.keytab": _KEYTAB, "kerberos.principal": f"HTTP/{address}@{REALM}"}
    return {f"hadoop.http.authentication.{name}": value for name, value in said.items()}


def _secured_yarn() -> Site:
    return {
        "yarn.resourcemanager.keytab": _KEYTAB,
        "yarn.nodemanager.keytab": _KEYTAB,
        "yarn.nodemanager.principal": f"yarn/hadoop@{REALM}",
    }


def xml(site: Mapping[str, str]) -> str:
    """Return *site* as Hadoop reads it."""
    lines = (
        f"  <property><name>{escape(name)}</name><value>{escape(value)}</value></property>"
        for name, value in sorted(site.items())
    )
    return "\n".join(['<?xml version="1.0"?>', "<configuration>", *lines, "</configuration>", ""])


def krb5_conf(address: str) -> str:
    """Return krb5.conf of the cluster itself."""
    return (
        f"[libdefaults]\n    default_realm = {REALM}\n    dns_lookup_kdc = false\n    dns_lookup_realm = false\n"
        f"    rdns = false\n    udp_preference_limit = 1\n"
        f"[realms]\n    {REALM} = {{\n        kdc = {address}\n    }}\n"
    )
