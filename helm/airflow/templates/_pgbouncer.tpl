{{/* PgBouncer's configuration. Argument of all: the root context. */}}

{{/* The names by which PgBouncer offers the two databases. */}}
{{- define "airflow.pgbouncer.metadata" -}}{{ .Release.Name }}-metadata{{ end }}
{{- define "airflow.pgbouncer.resultBackend" -}}{{ .Release.Name }}-result-backend{{ end }}

{{- define "airflow.pgbouncer.ini" -}}
{{- $metadata := .Values.data.metadataConnection }}
{{- $results := include "airflow.resultBackend.connection" . | fromYaml }}
{{- with .Values.pgbouncer -}}
[databases]
{{ include "airflow.pgbouncer.metadata" $ }} = host={{ include "airflow.metadata.host" $ }} dbname={{ $metadata.db }} port={{ $metadata.port }} pool_size={{ .metadataPoolSize }}
{{- with .extraIniMetadata }} {{ . }}{{ end }}
{{ include "airflow.pgbouncer.resultBackend" $ }} = host={{ $results.host | default (include "airflow.metadata.host" $) }} dbname={{ $results.db }} port={{ $results.port }} pool_size={{ .resultBackendPoolSize }}
{{- with .extraIniResultBackend }} {{ . }}{{ end }}

[pgbouncer]
listen_addr = *
listen_port = {{ $.Values.ports.pgbouncer }}
pool_mode = transaction
max_client_conn = {{ .maxClientConn }}
auth_type = {{ .auth_type }}
auth_file = {{ .auth_file }}
stats_users = {{ $metadata.user }}
ignore_startup_parameters = extra_float_digits
verbose = {{ .verbose }}
log_connections = {{ .logConnections }}
log_disconnections = {{ .logDisconnections }}
server_tls_sslmode = {{ .sslmode }}
server_tls_ciphers = {{ .ciphers }}
{{- if .ssl.ca }}
server_tls_ca_file = /etc/pgbouncer/root.crt
{{- end }}
{{- if .ssl.cert }}
server_tls_cert_file = /etc/pgbouncer/server.crt
{{- end }}
{{- if .ssl.key }}
server_tls_key_file = /etc/pgbouncer/server.key
{{- end }}
{{- with .extraIni }}
{{ . }}
{{- end }}
{{- end }}
{{- end }}

{{/* Who may connect: users of the two databases with their passwords. */}}
{{- define "airflow.pgbouncer.users" -}}
{{- $results := include "airflow.resultBackend.connection" . | fromYaml }}
{{- range list (include "airflow.metadata.connection" . | fromYaml) $results }}
{{ .user | quote }} {{ .pass | quote }}
{{- end }}
{{- end }}
