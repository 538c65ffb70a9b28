{{/*
The pods in which tenants' tasks run, from which the Kubernetes executor makes one for each task.

    base     platform's image   holds the task's token, asks for secrets, sends jobs     (Airflow merges its own container into it: it stays the only one)
    secrets  platform's image   logs in to the secrets store as the pod's service account
    tenant   tenant's image     the launcher: runs the tenant's code, for this tenant alone
    logs     platform's image   sends what base writes of the task, where logs are sent (_logs_sender.tpl)

All but base are sidecars (init containers that go on), so that the pod ends with base. base shares a socket with secrets and one with tenant, each in a volume of its own,
and its logs with logs; nothing else is shared.
*/}}

{{/* The template of one zone of a tenant. Argument: dict root, tenant, zone, shared (see airflow.tenant.pod.shared). */}}
{{- define "airflow.tenant.pod" -}}
{{- $tenant := .tenant }}
{{- $zone := .zone.values }}
{{- $tasks := .root.Values.tenancy.tasks }}
apiVersion: v1
kind: Pod
metadata:
  name: {{ .zone.account }}
  namespace: {{ $tenant.namespace }}
  labels:
    tier: airflow
    component: worker
    release: {{ .root.Release.Name }}
    aerodrome/tenant: {{ $tenant.name }}
    aerodrome/zone: {{ .zone.name }}
  {{- $annotations := $tasks.podAnnotations }}
  {{- /* Only the tenant's own code acts as the tenant's IAM role. */}}
  {{- if $zone.iamRole }}{{ $annotations = merge (dict "eks.amazonaws.com/skip-containers" (ternary "base,secrets,logs" "base,secrets" (not (empty .shared.logs)))) $annotations }}{{ end }}
  {{- with $annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  restartPolicy: Never
  serviceAccountName: {{ .zone.account }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  shareProcessNamespace: false
  terminationGracePeriodSeconds: {{ $tasks.terminationGracePeriodSeconds }}
  {{- if not (kindIs "invalid" $tasks.hostUsers) }}
  hostUsers: {{ $tasks.hostUsers }}
  {{- end }}
  {{- with $zone.priorityClassName | default $tenant.values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $zone.runtimeClassName }}
  runtimeClassName: {{ . }}
  {{- end }}
  {{- range $key := list "nodeSelector" "tolerations" "affinity" }}
  {{- with get $zone $key }}
  {{ $key }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- with concat .root.Values.tenancy.imagePullSecrets $tenant.values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- .shared.securityContext | nindent 4 }}
  initContainers:
    {{- with .shared.gitSync }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with .shared.secrets }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- include "airflow.tenant.pod.launcher" . | nindent 4 }}
    {{- with .shared.logs }}
    {{- . | nindent 4 }}
    {{- end }}
  containers:
    {{- .shared.base | nindent 4 }}
  volumes:
    {{- .shared.volumes | nindent 4 }}
    - name: config
      configMap:
        name: {{ include "airflow.tenants.settingsName" .root }}
    {{- if include "airflow.agent.enabled" .root }}
    - name: agent-settings
      configMap:
        name: {{ include "airflow.tenants.settingsName" .root }}
        items:
          - {key: agent-{{ .zone.name }}.json, path: agent.json}
          {{- if .root.Values.tenancy.secrets.vault.caCertificate }}
          - {key: secrets-store.crt, path: secrets-store.crt}
          {{- end }}
    {{- end }}
    {{- if .shared.logs }}
    {{- include "airflow.logs.volumes" (dict
          "root" .root "settings" (include "airflow.tenants.settingsName" .root) "key" (printf "logs-%s.json" .zone.name)) | trim | nindent 4 }}
    {{- end }}
    - name: tenant-scratch
      emptyDir:
        sizeLimit: {{ $tenant.values.scratchSize }}
    - name: data
      {{- if $tenant.values.data.enabled }}
      persistentVolumeClaim:
        claimName: {{ $tenant.values.data.existingClaim | default "data" }}
      {{- else }}
      emptyDir:
        sizeLimit: {{ $tenant.values.scratchSize }}
      {{- end }}
{{- end }}

{{/* The container in which the tenant's code runs. Argument: as airflow.tenant.pod. */}}
{{- define "airflow.tenant.pod.launcher" -}}
{{- $values := .tenant.values }}
{{- $memory := add (include "airflow.bytes" $values.limits.memory) (include "airflow.bytes" .root.Values.tenancy.launcherMemory) -}}
- name: tenant
  image: {{ ternary (include "airflow.image.reference" $values.image) .shared.image (not (empty $values.image.repository)) }}
  imagePullPolicy: {{ $values.image.pullPolicy }}
  restartPolicy: Always
  command: [python, -m, aerodrome_airflow.launcher.server, --config, /etc/aerodrome/launcher.json]
  securityContext:
    {{- .shared.containerSecurity | nindent 4 }}
  resources:
    requests: {cpu: {{ $values.limits.cpu | toString | quote }}, memory: "{{ $memory }}"}
    limits: {cpu: {{ $values.limits.cpu | toString | quote }}, memory: "{{ $memory }}"}
  {{- /* A client does not wait for the launcher: base starts when it listens. */}}
  startupProbe:
    exec:
      command: [test, -S, /run/aerodrome/launcher/launcher.sock]
    periodSeconds: 1
    failureThreshold: 60
  volumeMounts:
    - {name: config, mountPath: /etc/aerodrome/launcher.json, subPath: launcher.json, readOnly: true}
    - {name: launcher, mountPath: /run/aerodrome/launcher}
    - {name: tenant-scratch, mountPath: /tmp, subPath: tmp}
    - {name: tenant-scratch, mountPath: /home/tenant, subPath: home}
    - {name: data, mountPath: /var/lib/aerodrome/data}
{{- end }}

{{/* Puts the texts that are the same in all pods into *result*. Argument: list root result. */}}
{{- define "airflow.tenant.pod.shared" -}}
{{- $root := index . 0 }}
{{- $result := index . 1 }}
{{- $_ := set $result "image" (include "airflow.image" $root) }}
{{- $_ := set $result "securityContext" (include "airflow.hardened.pod" $root) }}
{{- $_ := set $result "containerSecurity" (include "airflow.hardened.container" $root) }}
{{- $_ := set $result "gitSync" (include "airflow.policy.containers" (dict
      "root" $root "component" "worker" "volume" "scratch" "given" (include "airflow.gitSync.initContainer" (dict "root" $root)))) }}
{{- if include "airflow.agent.enabled" $root }}
{{- $_ := set $result "secrets" (include "airflow.agent.container" (dict "root" $root "name" "secrets" "image" $result.image "security" $result.containerSecurity)) }}
{{- end }}
{{- if include "airflow.logs.sent" $root }}
{{- $_ := set $result "logs" (include "airflow.logs.container" (dict "root" $root "image" $result.image "security" $result.containerSecurity)) }}
{{- end }}
{{- $_ := set $result "base" (include "airflow.tenant.pod.base" (list $root $result)) }}
{{- $_ := set $result "volumes" (include "airflow.tenant.pod.volumes" $root | trim) }}
{{- end }}

{{/* Airflow's container. What runs in it, with the task's token, is Airflow's to add. Argument: list root shared. */}}
{{- define "airflow.tenant.pod.base" -}}
{{- $root := index . 0 }}
{{- $shared := index . 1 }}
{{- $tasks := $root.Values.tenancy.tasks -}}
- name: base
  image: {{ $shared.image }}
  imagePullPolicy: {{ $root.Values.images.airflow.pullPolicy }}
  securityContext:
    {{- $shared.containerSecurity | nindent 4 }}
  resources:
    {{- toYaml $tasks.resources | nindent 4 }}
  env:
    {{- include "airflow.tenant.pod.env" $root | trim | nindent 4 }}
  volumeMounts:
    - {name: config, mountPath: {{ $root.Values.airflowHome }}/airflow.cfg, subPath: airflow.cfg, readOnly: true}
    - {name: {{ ternary "logs" "scratch" (not (empty $shared.logs)) }}, mountPath: {{ include "airflow.path.logs" $root }}{{ if not $shared.logs }}, subPath: logs{{ end }}}
    - {name: scratch, mountPath: /tmp, subPath: tmp}
    - {name: launcher, mountPath: /run/aerodrome/launcher, readOnly: true}
    {{- if include "airflow.agent.enabled" $root }}
    - {name: secrets, mountPath: /run/aerodrome/secrets, readOnly: true}
    {{- end }}
    {{- with include "airflow.mounts.dags" $root | trim }}
    {{- . | nindent 4 }}
    {{- end }}
{{- end }}

{{/* What is different from airflow.cfg in a task's pod; nothing of it is secret. Argument: the root context. */}}
{{- define "airflow.tenant.pod.env" -}}
{{- $rows := list
      (list "AIRFLOW_HOME" .Values.airflowHome)
      (list "AIRFLOW__CORE__EXECUTOR" .Values.executor)
      (list "AIRFLOW__CORE__FERNET_KEY" "")
      (list "AIRFLOW__CORE__EXECUTION_API_SERVER_URL" (include "airflow.tenants.executionApiUrl" .))
      (list "AIRFLOW__METRICS__STATSD_ON" "False")
      (list "AIRFLOW__AERODROME__ENVIRONMENT" .Values.tenancy.environment)
      (list "AIRFLOW__AERODROME__LAUNCHER_SOCKET" "/run/aerodrome/launcher/launcher.sock")
      (list "AIRFLOW__AERODROME__DATA_FOLDER" "/var/lib/aerodrome/data") }}
{{- range $rows }}
- name: {{ index . 0 }}
  value: {{ index . 1 | quote }}
{{- end }}
{{- include "airflow.agent.clientEnv" . }}
{{- with .Values.tenancy.tasks.env }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Argument: the root context. */}}
{{- define "airflow.tenant.pod.volumes" -}}
- name: scratch
  emptyDir:
    sizeLimit: {{ .Values.tenancy.tasks.scratchSize }}
- name: launcher
  emptyDir: {medium: Memory, sizeLimit: 1Mi}
{{- if include "airflow.logs.sent" . }}
- name: logs
  emptyDir:
    sizeLimit: {{ .Values.tenancy.logs.size }}
{{- end }}
{{- if include "airflow.agent.enabled" . }}
{{ include "airflow.agent.volumesOfTasks" . }}
{{- end }}
{{- if .Values.dags.gitSync.enabled }}
{{- include "airflow.volumes.dags" . }}
{{- end }}
{{- end }}
