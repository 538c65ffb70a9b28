{{/*
What the company's policy makes of a pod: it completes what the values leave open and refuses what they may not say. Every pod passes here
but those of tenants' tasks, which are strict by themselves; with the profile "official" none does.

A definition can only print, so those below are handed a dict, the *case*, and change its spec: root, component, values (the component's
section), extraLabels, spec (of the pod), excepted (rules that do not hold here), forbidden (variables), withheld (names of secrets) and withheldKeys
(name/key).
*/}}

{{/* The spec of a pod as YAML, completed. Argument: dict root, component, values, given (the spec as YAML); and where wanted extraLabels,
task (true: the pod runs one task). */}}
{{- define "airflow.policy.pod" -}}
{{- $spec := .given | fromYaml }}
{{- if hasKey $spec "Error" }}{{ fail (printf "\n\n%s: what the values add to its pod is no YAML: %s\n" .component $spec.Error) }}{{ end }}
{{- $case := dict }}
{{- include "airflow.policy.case" (list . $case) }}
{{- range $key, $value := . }}{{ $_ := set $case $key $value }}{{ end }}
{{- $_ := set $case "spec" $spec }}
{{- range list "context" "token" "spread" "grace" "containers" "host" "volumes" }}
{{- include (printf "airflow.policy.pod.%s" .) $case }}
{{- end }}
{{- toYaml $spec }}
{{- end }}

{{/* Puts into *case* what holds for a pod of the component. Argument: list dict (root, component) case. */}}
{{- define "airflow.policy.case" -}}
{{- $case := index . 1 }}
{{- with index . 0 }}
{{- $pod := . }}
{{- $excepted := include "airflow.policy.excepted" . | splitList " " }}
{{- /* Airflow 2 writes files of its own into its home. */}}
{{- $others := list "entrance" "pgbouncer" "postgresql" "redis" "statsd" }}
{{- if not (or (include "airflow.version.three" .root) (has .component $others)) }}
{{- $excepted = append $excepted "readOnlyRootFilesystem" }}
{{- end }}
{{- /* The broker's address is given to all where the values give it in env. */}}
{{- $forbidden := list }}
{{- range include "airflow.policy.forbiddenSecrets" . | splitList " " }}{{ if not (contains "__CELERY__" .) }}{{ $forbidden = append $forbidden . }}{{ end }}{{ end }}
{{- $withheld := list }}
{{- $keys := list }}
{{- range list
      (list "metadata" "connection" "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN")
      (list "fernetKey" "fernet-key" "AIRFLOW__CORE__FERNET_KEY")
      (list "jwt" "jwt-secret" "AIRFLOW__API_AUTH__JWT_SECRET")
      (list "apiKey" "api-secret-key" "AIRFLOW__API__SECRET_KEY") }}
{{- if has (index . 2) $forbidden }}
{{- $name := include (printf "airflow.secret.%s" (index . 0)) $pod.root }}
{{- $withheld = append $withheld $name }}
{{- /* One secret may hold several keys. */}}
{{- $keys = append $keys (printf "%s/%s" $name (index . 1)) }}
{{- end }}
{{- end }}
{{- range $key, $value := dict "excepted" $excepted "forbidden" $forbidden "withheld" $withheld "withheldKeys" $keys }}{{ $_ := set $case $key $value }}{{ end }}
{{- end }}
{{- end }}

{{/* A pod template that the values give whole, completed. Argument: list root text. */}}
{{- define "airflow.policy.podTemplate" -}}
{{- $root := index . 0 }}
{{- $pod := index . 1 | fromYaml }}
{{- if or (include "airflow.policy.official" $root) (not $pod.spec) }}{{ index . 1 }}
{{- else }}
{{- $spec := include "airflow.policy.pod" (dict "root" $root "component" "worker" "values" $root.Values.workers "given" (toYaml $pod.spec) "task" true) }}
{{- set $pod "spec" ($spec | fromYaml) | toYaml }}
{{- end }}
{{- end }}

{{- define "airflow.policy.pod.context" }}
{{- $context := .spec.securityContext | default dict }}
{{- include "airflow.policy.complete" (list .excepted $context (dict
      "nonRoot" (dict "runAsNonRoot" true) "seccomp" (dict "seccompProfile" (dict "type" "RuntimeDefault")))) }}
{{- include "airflow.policy.contextCheck" (dict "case" . "context" $context) }}
{{- $_ := set .spec "securityContext" $context }}
{{- end }}

{{/* A token of the cluster's API only for those who talk to it. */}}
{{- define "airflow.policy.pod.token" }}
{{- if not (or (hasKey .spec "automountServiceAccountToken") (has "serviceAccountToken" .excepted) (include "airflow.policy.talksToCluster" .)) }}
{{- $_ := set .spec "automountServiceAccountToken" false }}
{{- end }}
{{- end }}

{{/*
"true" where the component asks the cluster's API: what makes pods of tasks, reads their logs or deletes them. Argument: dict root, component.
*/}}
{{- define "airflow.policy.talksToCluster" -}}
{{- $pods := include "airflow.executor.kubernetes" .root }}
{{- $servers := dict "api-server" .root.Values.apiServer "webserver" .root.Values.webserver }}
{{- if has .component (list "scheduler" "airflow-cleanup-pods") }}{{ $pods }}
{{- else if hasKey $servers .component }}{{ if (get $servers .component).allowPodLogReading }}{{ $pods }}{{ end }}
{{- end }}
{{- end }}

{{/* Pods of a component that may have several stand in different zones and on different nodes, where they can. */}}
{{- define "airflow.policy.pod.spread" }}
{{- $several := list "api-server" "dag-processor" "entrance" "pgbouncer" "scheduler" "triggerer" "webserver" "worker" }}
{{- $wanted := and (has .component $several) (not (include "airflow.policy.runsOnce" .)) (not (has "topologySpread" .excepted)) }}
{{- if and $wanted (not .spec.topologySpreadConstraints) }}
{{- $labels := merge (dict "tier" "airflow" "component" .component "release" .root.Release.Name) (.extraLabels | default dict) }}
{{- $constraints := list }}
{{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
{{- $constraints = append $constraints (dict
      "maxSkew" 1 "topologyKey" . "whenUnsatisfiable" "ScheduleAnyway" "labelSelector" (dict "matchLabels" $labels)) }}
{{- end }}
{{- $_ := set .spec "topologySpreadConstraints" $constraints }}
{{- end }}
{{- end }}

{{/* "true" for a pod that ends with its task. */}}
{{- define "airflow.policy.runsOnce" -}}
{{- if or .task (eq (toString .spec.restartPolicy) "Never") }}true{{ end }}
{{- end }}

{{/* Celery's workers end their tasks before they end themselves, however long their queues' tasks may take. */}}
{{- define "airflow.policy.pod.grace" }}
{{- if not (has "gracefulTermination" .excepted) }}
{{- $given := index .spec "terminationGracePeriodSeconds" }}
{{- if and (eq .component "worker") (not (include "airflow.policy.runsOnce" .)) }}
{{- $longest := .root.Values.deploymentPolicy.longestTask }}
{{- $needed := 0 }}
{{- range .values.queue | default "default" | splitList "," }}
{{- $needed = max $needed (get $longest.queues (trim .) | default $longest.default) }}
{{- end }}
{{- if lt (int64 $given) $needed }}
{{- include "airflow.policy.refuse" (dict "root" .root "component" .component "rule" "gracefulTermination" "text" (printf
      "workers.terminationGracePeriodSeconds: is %d for the workers of %s, whose tasks may take %d seconds (deploymentPolicy.longestTask); write %d there or in their entry of workers.celery.sets"
      (int64 $given) (.values.queue | default "default") $needed $needed)) }}
{{- end }}
{{- else if and (eq .component "pgbouncer") (kindIs "invalid" $given) }}
{{- /* Its hook gives clients two minutes to leave. */}}
{{- $_ := set .spec "terminationGracePeriodSeconds" 150 }}
{{- end }}
{{- end }}
{{- end }}

{{- define "airflow.policy.pod.containers" }}
{{- $case := . }}
{{- range .spec.initContainers }}
{{- include "airflow.policy.container" (dict "case" $case "container" . "serves" (eq (toString .restartPolicy) "Always") "key" "extraInitContainers") }}
{{- end }}
{{- range $place, $container := .spec.containers }}
{{- include "airflow.policy.container" (dict "case" $case "container" . "serves" true "key" (ternary "" "extraContainers" (eq $place 0))) }}
{{- end }}
{{- if .writes }}
{{- $_ := set .spec "volumes" (append (.spec.volumes | default list) (dict "name" "writable" "emptyDir" dict)) }}
{{- end }}
{{- end }}

{{- define "airflow.policy.pod.host" }}
{{- $case := . }}
{{- range $field := list "hostNetwork" "hostPID" "hostIPC" }}
{{- if eq (toString (index $case.spec $field)) "true" }}
{{- include "airflow.policy.refuseAt" (dict "case" $case "rule" "hostAccess" "field" "" "text" (printf "%s is true; leave it out" $field)) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Volumes of the kinds that the pod security level "restricted" knows, and none with a secret that the component may not hold. */}}
{{- define "airflow.policy.pod.volumes" }}
{{- $case := . }}
{{- $kinds := list "configMap" "csi" "downwardAPI" "emptyDir" "ephemeral" "name" "persistentVolumeClaim" "projected" "secret" }}
{{- range $volume := .spec.volumes }}
{{- range $kind, $source := . }}
{{- if not (has $kind $kinds) }}
{{- include "airflow.policy.refuseAt" (dict "case" $case "rule" "volumes" "field" ".extraVolumes" "text" (printf
      "volume %s is of the kind %s, which reaches past the pod; use a volume claim" $volume.name $kind)) }}
{{- end }}
{{- end }}
{{- $secrets := list (.secret | default dict).secretName }}
{{- range (.projected | default dict).sources }}{{ $secrets = append $secrets (.secret | default dict).name }}{{ end }}
{{- range compact $secrets }}
{{- if has . $case.withheld }}
{{- include "airflow.policy.refuseAt" (dict "case" $case "rule" "secrets" "field" ".extraVolumes" "text" (printf
      "volume %s holds the secret %s, which the component may not hold; leave it out" $volume.name .)) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
