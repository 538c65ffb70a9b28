{{/* The embedded PostgreSQL. Argument where nothing else is said: the root context. */}}

{{- define "airflow.postgresql.fullname" -}}
{{- $values := .Values.postgresql }}
{{- $values.fullnameOverride | default $values.nameOverride | default (printf "%s-postgresql" .Release.Name) }}
{{- end }}

{{/* "true" where its password is the well-known one of the values, in place of which the company's profile makes one. */}}
{{- define "airflow.postgresql.ownPassword" -}}
{{- $auth := .Values.postgresql.auth }}
{{- $wellKnown := eq ($auth.postgresPassword | default "postgres") "postgres" }}
{{- if and $wellKnown .Values.postgresql.enabled (not $auth.existingSecret) (not (include "airflow.policy.official" .)) }}true{{ end }}
{{- end }}

{{/* The password of its user postgres. */}}
{{- define "airflow.postgresql.password" -}}
{{- if not (include "airflow.postgresql.ownPassword" .) }}{{ .Values.postgresql.auth.postgresPassword | default "postgres" }}
{{- else }}
{{- include "airflow.secret.generated" (dict "root" . "name" (include "airflow.postgresql.fullname" .) "key" "postgres-password") }}
{{- end }}
{{- end }}

{{/* Labels that its selectors look for. */}}
{{- define "airflow.postgresql.selectorLabels" -}}
app.kubernetes.io/name: {{ .Values.postgresql.nameOverride | default "postgresql" }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: primary
{{- end }}

{{- define "airflow.postgresql.labels" -}}
{{- include "airflow.postgresql.selectorLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- if include "airflow.policy.official" . }}
app.kubernetes.io/version: 16.1.0
helm.sh/chart: postgresql-13.2.24
{{- else }}
app.kubernetes.io/version: {{ include "airflow.postgresql.tag" . | quote }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- end }}
{{- end }}

{{/* Argument: list root suffix (of the name). */}}
{{- define "airflow.postgresql.metadata" -}}
{{- $root := index . 0 -}}
name: {{ include "airflow.postgresql.fullname" $root }}{{ index . 1 }}
namespace: {{ $root.Release.Namespace }}
labels:
  {{- include "airflow.postgresql.labels" $root | nindent 2 }}
{{- end }}

{{- define "airflow.postgresql.tag" -}}
{{- .Values.postgresql.image.tag | default (include "airflow.policy.official" . | empty | ternary "17" "13") }}
{{- end }}

{{/* The folder of the volume with the data. */}}
{{- define "airflow.postgresql.folder" -}}
{{- include "airflow.policy.official" . | empty | ternary "/var/lib/postgresql" "/bitnami/postgresql" }}
{{- end }}

{{- define "airflow.postgresql.container" -}}
{{- $values := .Values.postgresql }}
{{- $probes := list }}
{{- range $kind, $delay := dict "livenessProbe" 30 "readinessProbe" 5 }}
{{- $probes = append $probes (include "airflow.probe.exec" (dict
      "root" $ "kind" $kind "default" (include "airflow.postgresql.check" (list $ $kind))
      "section" (dict "initialDelaySeconds" $delay "periodSeconds" 10 "timeoutSeconds" 5 "failureThreshold" 6 "successThreshold" 1))) }}
{{- end }}
{{- include "airflow.container" (dict
      "root" . "name" "postgresql" "ownHooks" true "uid" 1001
      "values" (dict "resources" $values.primary.resources)
      "securityContext" (include "airflow.postgresql.securityContext" .)
      "image" (printf "%s/%s:%s" $values.image.registry $values.image.repository (include "airflow.postgresql.tag" .))
      "pullPolicy" $values.image.pullPolicy
      "env" (include "airflow.postgresql.env" .)
      "ports" "- name: tcp-postgresql\n  containerPort: 5432"
      "mounts" (include "airflow.postgresql.mounts" .)
      "probes" (join "" $probes)) }}
{{- end }}

{{/* Argument: list root kind (of the probe). */}}
{{- define "airflow.postgresql.check" -}}
{{- $user := (index . 0).Values.postgresql.auth.username | default "postgres" }}
{{- $check := printf "exec pg_isready -U %q -h 127.0.0.1 -p 5432" $user }}
{{- if eq (index . 1) "livenessProbe" }}{{ list "/bin/sh" "-c" $check | toYaml }}
{{- else }}{{ list "/bin/sh" "-c" "-e" (print $check "\n") | toYaml }}
{{- end }}
{{- end }}

{{- define "airflow.postgresql.securityContext" -}}
runAsUser: 1001
runAsNonRoot: true
privileged: false
allowPrivilegeEscalation: false
readOnlyRootFilesystem: {{ empty (include "airflow.policy.official" .) }}
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* What the image reads; those with the official chart's names only where a user's image of that make may be in use. */}}
{{- define "airflow.postgresql.env" -}}
{{- $auth := .Values.postgresql.auth }}
{{- $folder := include "airflow.postgresql.folder" . }}
{{- if include "airflow.policy.official" . }}
{{- range list
      (list "BITNAMI_DEBUG" "false")
      (list "POSTGRESQL_PORT_NUMBER" "5432")
      (list "POSTGRESQL_VOLUME_DIR" $folder)
      (list "POSTGRESQL_ENABLE_LDAP" "no")
      (list "POSTGRESQL_ENABLE_TLS" "no")
      (list "POSTGRESQL_LOG_HOSTNAME" "false")
      (list "POSTGRESQL_LOG_CONNECTIONS" "false")
      (list "POSTGRESQL_LOG_DISCONNECTIONS" "false")
      (list "POSTGRESQL_PGAUDIT_LOG_CATALOG" "off")
      (list "POSTGRESQL_CLIENT_MIN_MESSAGES" "error")
      (list "POSTGRESQL_SHARED_PRELOAD_LIBRARIES" "pgaudit") }}
- name: {{ index . 0 }}
  value: {{ index . 1 | quote }}
{{- end }}
{{- end }}
- name: PGDATA
  value: {{ $folder }}/data
{{- with $auth.username }}
- name: POSTGRES_USER
  value: {{ . | quote }}
{{- end }}
{{- with $auth.database }}
- name: POSTGRES_DB
  value: {{ . | quote }}
{{- end }}
{{ include "airflow.env.fromSecret" (list
      "POSTGRES_PASSWORD"
      ($auth.existingSecret | default (include "airflow.postgresql.fullname" .))
      (empty $auth.username | ternary "postgres-password" "password")) }}
{{- end }}

{{- define "airflow.postgresql.mounts" -}}
- name: dshm
  mountPath: /dev/shm
- name: data
  mountPath: {{ include "airflow.postgresql.folder" . }}
{{- /* /tmp comes from the policy: there the image finds out as whom it runs. */}}
{{- if not (include "airflow.policy.official" .) }}
- name: run
  mountPath: /var/run/postgresql
{{- end }}
{{- end }}

{{- define "airflow.postgresql.volumes" -}}
- name: dshm
  emptyDir:
    medium: Memory
{{- if not .Values.postgresql.primary.persistence.enabled }}
- name: data
  emptyDir: {}
{{- end }}
{{- if not (include "airflow.policy.official" .) }}
- name: run
  emptyDir: {}
{{- end }}
{{- end }}
