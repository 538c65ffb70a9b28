{{/* Probes. */}}

{{/* How often a probe asks. Argument: the section of the values (timeoutSeconds, periodSeconds, …). */}}
{{- define "airflow.probe.timing" -}}
{{- range $key := list "initialDelaySeconds" "timeoutSeconds" "periodSeconds" "failureThreshold" "successThreshold" }}
{{- $value := index $ $key }}
{{- if not (kindIs "invalid" $value) }}
{{ $key }}: {{ int64 $value }}
{{- end }}
{{- end }}
{{- end }}

{{/* A probe that runs a command. Argument: dict root, kind (livenessProbe, …), section; default (text: the list of the command where the section gives none). */}}
{{- define "airflow.probe.exec" }}
{{ .kind }}:
  {{- include "airflow.probe.timing" (omit .section "command") | trim | nindent 2 }}
  exec:
    command:
    {{- if .section.command }}
      {{- include "airflow.render" (list .section.command .root) | nindent 6 }}
    {{- else }}
      {{- .default | nindent 6 }}
    {{- end }}
{{- end }}

{{/* A probe that asks over HTTP. Argument: dict kind, section (timing, scheme), path, port; and where wanted headers (a list of name and value). */}}
{{- define "airflow.probe.http" }}
{{ .kind }}:
  {{- include "airflow.probe.timing" .section | trim | nindent 2 }}
  httpGet:
    path: {{ .path }}
    port: {{ .port }}
{{- with .section.scheme }}
    scheme: {{ . }}
{{- end }}
{{- with .headers }}
    httpHeaders:
      {{- toYaml . | nindent 6 }}
{{- end }}
{{- end }}

{{/*
Command that asks the metadata database whether a job on this host has beaten lately.
Argument: dict root, job (its class); and where wanted typeLast (the type of the job follows the host), anyType (the host's jobs of all types).
*/}}
{{- define "airflow.probe.jobCheck" -}}
{{- $type := ternary "" (printf "--job-type %s" .job) (not (empty .anyType)) }}
{{- $host := ternary "--local" "--hostname $(hostname)" (not (empty (include "airflow.version.atLeast" (list .root "2.5.0")))) -}}
- sh
- -c
- |
  CONNECTION_CHECK_MAX_COUNT=0 AIRFLOW__LOGGING__LOGGING_LEVEL=ERROR exec /entrypoint \
{{- if include "airflow.version.atLeast" (list .root "2.1.0") }}
  airflow jobs check {{ ternary (printf "%s %s" $host $type) (printf "%s %s" $type $host) (not (empty .typeLast)) | trim }}
{{- else }}
  python -Wignore -c '
{{ .root.Files.Get "files/job-check-1.py" | replace "{{job}}" .job | trim | indent 2 }}
  '
{{- end }}
{{- end }}
