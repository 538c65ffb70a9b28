{{/*
What sends the logs of a pod: a sidecar beside what runs tasks, which sees their logs and one token. That token opens one role, which writes the logs of this
zone, or of this tenant in it, and reads nothing. It ends after the container that writes, and sends what is left before.

Workers of a zone, a tenant's own and pods of tasks have one; the API server has the token alone, for the role that reads.
*/}}

{{/* "true" where logs of pods are sent. Argument: the root context. */}}
{{- define "airflow.logs.sent" -}}
{{- if eq .Values.tenancy.logs.store "s3" }}true{{ end }}
{{- end }}

{{- define "airflow.path.logsLogin" -}}/var/run/secrets/aerodrome-logs{{ end }}
{{- define "airflow.path.logsSettings" -}}/etc/aerodrome/logs{{ end }}
{{- define "airflow.path.logsLedger" -}}/run/aerodrome/logs{{ end }}

{{/* The container. Argument: dict root, image, security (text). */}}
{{- define "airflow.logs.container" -}}
- name: logs
  image: {{ .image }}
  imagePullPolicy: {{ .root.Values.images.airflow.pullPolicy }}
  restartPolicy: Always
  command: [python, -m, aerodrome_airflow.logs.ship, --config, {{ include "airflow.path.logsSettings" . }}/logs.json]
  securityContext:
    {{- .security | nindent 4 }}
  resources:
    {{- toYaml .root.Values.tenancy.logs.resources | nindent 4 }}
  volumeMounts:
    - {name: logs-settings, mountPath: {{ include "airflow.path.logsSettings" . }}, readOnly: true}
    - {name: logs-login, mountPath: {{ include "airflow.path.logsLogin" . }}, readOnly: true}
    - {name: logs, mountPath: {{ include "airflow.path.logs" .root }}, readOnly: true}
    {{- include "airflow.logs.ledgerMount" . | nindent 4 }}
{{- end }}

{{/* What of which log has been sent: beside the logs, which may outlive the pod. */}}
{{- define "airflow.logs.ledgerMount" -}}
- {name: logs, mountPath: {{ include "airflow.path.logsLedger" . }}, subPath: .sender}
{{- end }}

{{/* The token that it alone sees. */}}
{{- define "airflow.logs.login" -}}
- name: logs-login
  projected:
    defaultMode: 288
    sources:
      - serviceAccountToken:
          audience: aerodrome-logs
          expirationSeconds: 3600
          path: token
{{- end }}

{{/* Its volumes. Argument: dict root, settings (name of a config map), key (of its settings there). */}}
{{- define "airflow.logs.volumes" -}}
{{ include "airflow.logs.login" . }}
- name: logs-settings
  configMap:
    name: {{ .settings }}
    items:
      - {key: {{ .key }}, path: logs.json}
      {{- if .root.Values.tenancy.logs.s3.caCertificate }}
      - {key: logs-store.crt, path: store.crt}
      {{- end }}
{{- end }}

{{/* logs.json. Argument: dict root, zone, role (ARN), grace (seconds that its pod has at its end). */}}
{{- define "airflow.logs.settings" -}}
{{- $s3 := .root.Values.tenancy.logs.s3 }}
{{- $ledger := include "airflow.path.logsLedger" . }}
{{- $store := dict
      "kind" "s3" "bucket" $s3.bucket "base" (printf "%s%s/" $s3.base .zone) "region" $s3.region
      "role" .role "token_file" (printf "%s/token" (include "airflow.path.logsLogin" .)) }}
{{- with $s3.endpoint }}{{ $_ := set $store "endpoint" . }}{{ end }}
{{- if $s3.caCertificate }}{{ $_ := set $store "ca_file" (printf "%s/store.crt" (include "airflow.path.logsSettings" .)) }}{{ end }}
{{- /* The kubelet kills what has not ended by then: some seconds are for the last attempt. */}}
{{- dict
      "folder" (include "airflow.path.logs" .root) "ledger" (printf "%s/sent.sqlite" $ledger) "status" (printf "%s/status.json" $ledger)
      "cleans" false "ending_seconds" (max 5 (sub (min 60 (int64 .grace)) 20)) "store" $store
      | toPrettyJson }}
{{- end }}

{{/* Beside Celery workers. Argument of these: dict root, values (with logsSender, the name of the config map with its settings). */}}
{{- define "airflow.logs.ofWorkers" -}}
{{- if .values.logsSender }}
{{- include "airflow.logs.container" (dict
      "root" .root "image" (include "airflow.image" .root) "security" (include "airflow.agent.workersSecurity" .)) }}
{{- end }}
{{- end }}

{{/* For who gives the volume away: the kubelet makes the folder as root, at the first container that has it. */}}
{{- define "airflow.logs.workersLedger" -}}
{{- if .values.logsSender }}
{{ include "airflow.logs.ledgerMount" . }}
{{- end }}
{{- end }}

{{- define "airflow.logs.workersVolumes" -}}
{{- if .values.logsSender }}
{{ include "airflow.logs.volumes" (dict "root" .root "settings" .values.logsSender "key" "logs.json") | trim }}
{{- end }}
{{- end }}

{{/* The API server's token, and whose certificate it believes. Argument of these: the root context. */}}
{{- define "airflow.logs.readerMounts" -}}
{{- if include "airflow.logs.sent" . }}
- {name: logs-login, mountPath: {{ include "airflow.path.logsLogin" . }}, readOnly: true}
{{- if .Values.tenancy.logs.s3.caCertificate }}
{{- include "airflow.mount.file" (list "config" (printf "%s/store.crt" (include "airflow.path.logsSettings" .)) "logs-store.crt") }}
{{- end }}
{{- end }}
{{- end }}

{{- define "airflow.logs.readerVolumes" -}}
{{- if include "airflow.logs.sent" . }}
{{ include "airflow.logs.login" . }}
{{- end }}
{{- end }}

{{/* Lines that say what is wrong with where logs go. Argument: the root context. */}}
{{- define "airflow.logs.mistakes" -}}
{{- if include "airflow.logs.sent" . }}
{{- range $key := list "bucket" "base" "region" }}
{{- if not (get $.Values.tenancy.logs.s3 $key) }}
tenancy.logs.s3.{{ $key }}: is empty: write it, or tenancy.logs.store: none
{{- end }}
{{- end }}
{{- if and .Values.tenancy.networkPolicy.enabled (not .Values.tenancy.networkPolicy.logsStore.to) }}
tenancy.networkPolicy.logsStore.to: is empty, so no pod reaches the store of logs: name it as a peer (namespaceSelector, podSelector or ipBlock)
{{- end }}
{{- if .Values.logs.persistence.enabled }}
tenancy.logs.store: logs are in a volume that all share already (logs.persistence.enabled): choose one of the two
{{- end }}
{{- end }}
{{- end }}
