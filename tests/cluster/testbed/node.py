"""containerd, kubelet, kube-proxy and kube-router of a node, in namespaces of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from testbed import pki, processes
from testbed.control_plane import PKI, Command, login
from testbed.place import DNS_SERVICE, DOMAIN, PODS, RUN, SERVICES, Node
from testbed.registry import CERTS

PAUSE = "localhost/aerodrome-pause:1"
# What a kubelet wants of the machine. It reads that it has it, and so changes nothing for everybody else here.
_KERNEL = {
    "vm/overcommit_memory": 1,
    "kernel/panic": 10,
    "kernel/panic_on_oops": 1,
    "kernel/keys/root_maxkeys": 1_000_000,
    "kernel/keys/root_maxbytes": 25_000_000,
}
# Where its programs write whatever they are told.
_OWN = "/run/containerd /opt/containerd /var/lib/cni /var/log/containers"
# Mounts made here are seen by what the node starts, and by nobody else.
_BEGIN = f"""\
set -e
mount --make-rshared /
for place in {_OWN}; do mkdir -p $place; mount -t tmpfs -o mode=755 node $place; done
cd "$1"
for setting in $(find . -type f); do mount --bind "$setting" "/proc/sys/$setting"; done
shift
exec "$@"
"""


def command(node: Node, programs: Path) -> Command:
    """Return the command that runs *node* in its namespaces, after writing all of its settings."""
    for folder in ("", "kernel", "cni", "kubelet", "pod-logs"):
        (node.folder / folder).mkdir(parents=True, exist_ok=True)
    _write_kernel(node)
    configured, begin = node.folder / "supervisor.conf", node.folder / "begin.sh"
    begin.write_text(_BEGIN, encoding="utf-8")
    text = processes.configuration(node.name, RUN / f"{node.name}.sock", _commands(node, programs))
    configured.write_text(text, encoding="utf-8")
    own = (
        "nsenter",
        f"--net=/run/netns/{node.namespace}",
        "unshare",
        "--mount",
        "--propagation=private",
        "--",
    )
    return (*own, "sh", begin, node.folder / "kernel", *processes.supervisor(configured))


def cgroup(node: Node) -> str:
    """Return the cgroup of all of the node's pods, in every controller."""
    return f"/{node.namespace}"


def _commands(node: Node, programs: Path) -> dict[str, Command]:
    kubelet, proxy = node.folder / "kubelet.yaml", node.folder / "kube-proxy.yaml"
    containerd = node.folder / "containerd.toml"
    who = login(f"system:node:{node.name}", ["system:nodes"])
    routing = login("aerodrome:kube-router", ["system:masters"])
    kubelet.write_text(yaml.safe_dump(_kubelet(node)), encoding="utf-8")
    proxy.write_text(yaml.safe_dump(_proxy(node)), encoding="utf-8")
    containerd.write_text(_containerd(node), encoding="utf-8")
    (node.folder / "cni/10-pods.conflist").write_text(json.dumps(_cni(node)), encoding="utf-8")
    (node.folder / "resolv.conf").write_text("", encoding="utf-8")
    named = f"--hostname-override={node.name}"
    told = (named, f"--node-ip={node.address}", f"--kubeconfig={who}")
    kept = (f"--root-dir={node.folder}/kubelet", f"--cert-dir={node.folder}/kubelet/pki")
    alone = ("--run-router=false", "--run-service-proxy=false", "--enable-cni=false")
    policies = ("--run-firewall=true", *alone, named)
    ranges = (f"--service-cluster-ip-range={SERVICES}", f"--kubeconfig={routing}")
    return {
        f"{node.name}-containerd": ("containerd", f"--config={containerd}"),
        f"{node.name}-kubelet": (programs / "kubelet", f"--config={kubelet}", *told, *kept),
        f"{node.name}-kube-proxy": (programs / "kube-proxy", f"--config={proxy}", named),
        f"{node.name}-kube-router": (programs / "kube-router", *policies, *ranges),
    }


def _write_kernel(node: Node) -> None:
    for name, value in _KERNEL.items():
        path = node.folder / "kernel" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{value}\n", encoding="utf-8")


def _containerd(node: Node) -> str:
    return f"""\
version = 2
root = "{node.folder}/containerd"
state = "{RUN}/{node.name}-containerd"
oom_score = 0
[grpc]
  address = "{node.containerd}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{CERTS}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{node.folder}/cni"
"""


def _cni(node: Node) -> dict[str, Any]:
    addresses = {
        "type": "host-local",
        "ranges": [[{"subnet": node.pods}]],
        "routes": [{"dst": "0.0.0.0/0"}],
        "dataDir": str(node.folder / "addresses"),
    }
    # A link for each pod: what pods of one node send to one another passes the firewall too.
    link = {"type": "ptp", "ipam": addresses}
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": "pods", "plugins": [link, ports]}


def _kubelet(node: Node) -> dict[str, Any]:
    server = pki.issued(PKI, f"{node.name}-server", node.name, called=[node.address, node.name])
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(pki.authority(PKI).certificate)},
        },
        "authorization": {"mode": "Webhook"},
        "address": node.address,
        "healthzBindAddress": node.address,
        "tlsCertFile": str(server.certificate),
        "tlsPrivateKeyFile": str(server.key),
        "containerRuntimeEndpoint": f"unix://{node.containerd}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": cgroup(node),
        "failCgroupV1": False,
        "failSwapOn": False,
        # The machine may be a container itself, and may not lower anybody's score.
        "oomScoreAdj": 0,
        "clusterDNS": [DNS_SERVICE],
        "clusterDomain": DOMAIN,
        "resolvConf": str(node.folder / "resolv.conf"),
        "podLogsDir": str(node.folder / "pod-logs"),
        "registerNode": True,
        # What else is on this machine's disk is nobody's pod.
        "evictionHard": {"memory.available": "100Mi"},
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "nodeStatusUpdateFrequency": "5s",
    }


def _proxy(node: Node) -> dict[str, Any]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(login("system:kube-proxy"))},
        "mode": "iptables",
        "oomScoreAdj": 0,
        "clusterCIDR": PODS,
        "bindAddress": node.address,
        "healthzBindAddress": f"{node.address}:10256",
        "metricsBindAddress": f"{node.address}:10249",
        # The table of connections is the machine's.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }
