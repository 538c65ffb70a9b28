"""What is not isolated and no attack tries: it is known without trying. The page of each tells more of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Gap:
    """One gap: *what*, why and what to do in *reason*; *page* of docs/explanation, *airflow*: issues of Airflow."""

    what: str
    reason: str
    page: str
    airflow: tuple[int, ...] = ()


DECLARED = (
    Gap(
        "An API server with `--apps execution` has no guard.",
        "It loads no plugins, and Airflow lets each task's token reach the things of all tenants. Never run it.",
        "execution-guard.md",
        (60125,),
    ),
    Gap(
        "DAG processor and triggerer hold the database's address.",
        "Airflow gives them an execution API of their own, before which no guard stands. They run no code of tenants.",
        "execution-guard.md",
        (67878, 67919),
    ),
    Gap(
        "The token of a running task, stolen, opens what the task may reach.",
        "Airflow renews it for whoever has it, also after the end of the task; the guard refuses it from half a "
        "minute after that end.",
        "execution-guard.md",
        (73303,),
    ),
    Gap(
        "A zone's workers are trusted with all tenants of the zone.",
        "Who controls one reads what those tenants may use there.",
        "tenants-on-kubernetes.md",
    ),
    Gap(
        "The queues of a zone share a user of the broker.",
        "Its workers can put tasks into any queue of the zone, and read what waits there. Hosts of `workers: hosts` "
        "have users of their own, for their own queues.",
        "architecture.md",
    ),
    Gap(
        "All workers of an environment may read the folder of large results, across zones.",
        "Those with personal data too, unless they are encrypted with a variable that only one zone may read; "
        "in S3 each tenant has a role.",
        "large-results.md",
    ),
    Gap(
        "A pod's containers share its network.",
        "The tenant's code can open connections to the secrets store and to the execution API, where it has nothing "
        "to log in with.",
        "tenants-on-kubernetes.md",
    ),
    Gap(
        "Who may read pods in a tenant's namespace sees the token of a running task in their arguments.",
        "The chart gives that right to the scheduler alone; whoever administers the cluster has it too.",
        "tenants-on-kubernetes.md",
    ),
)
