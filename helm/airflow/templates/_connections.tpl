{{/* Addresses of database, result backend, broker and search engines. */}}

{{/*
URI of a server. Argument: dict scheme, host, port, path; and where wanted user, pass, query.
User and password may hold any character.
*/}}
{{- define "airflow.uri" -}}
{{- $userinfo := "" }}
{{- if and .user .pass }}{{ $userinfo = printf "%s:%s" (.user | urlquery) (.pass | urlquery) }}{{ end }}
{{- urlJoin (dict
      "scheme" .scheme
      "userinfo" $userinfo
      "host" (printf "%s:%v" .host .port)
      "path" (.path | default "")
      "query" (.query | default "")) }}
{{- end }}

{{/* URI of a database. Argument: dict connection (protocol, user, pass, sslmode), host, port, db; and where wanted prefix of the scheme. */}}
{{- define "airflow.database.uri" -}}
{{- $connection := .connection }}
{{- include "airflow.uri" (dict
      "scheme" (print (.prefix | default "") $connection.protocol)
      "user" $connection.user "pass" $connection.pass
      "host" .host "port" .port
      "path" (printf "/%s" .db)
      "query" (ternary (printf "sslmode=%s" $connection.sslmode) "" (hasPrefix "postgresql" $connection.protocol))) }}
{{- end }}

{{/* Host of the metadata database itself, whether or not PgBouncer stands before it. Argument: the root context. */}}
{{- define "airflow.metadata.host" -}}
{{- if .Values.data.metadataConnection.host }}{{ .Values.data.metadataConnection.host }}
{{- else if .Values.postgresql.nameOverride }}{{ include "airflow.postgresql.fullname" . }}
{{- else }}{{ include "airflow.postgresql.fullname" . }}.{{ .Release.Namespace }}
{{- end }}
{{- end }}

{{/*
Settings of the metadata database, as YAML; of the embedded one with the password that it has. Argument: the root context.
*/}}
{{- define "airflow.metadata.connection" -}}
{{- $given := .Values.data.metadataConnection }}
{{- $embedded := and .Values.postgresql.enabled (not $given.host) (eq $given.user "postgres") (eq $given.pass "postgres") }}
{{- if and $embedded (not (include "airflow.policy.official" .)) }}
{{- $given = set (omit $given "pass") "pass" (include "airflow.postgresql.password" .) }}
{{- end }}
{{- toYaml $given }}
{{- end }}

{{/* URI of the metadata database, past PgBouncer. Argument: the root context. */}}
{{- define "airflow.metadata.directUri" -}}
{{- $connection := include "airflow.metadata.connection" . | fromYaml }}
{{- include "airflow.database.uri" (dict
      "connection" $connection "host" (include "airflow.metadata.host" .) "port" $connection.port "db" $connection.db) }}
{{- end }}

{{/* URI of the metadata database as Airflow uses it. Argument: the root context. */}}
{{- define "airflow.metadata.uri" -}}
{{- if .Values.pgbouncer.enabled }}
{{- include "airflow.database.uri" (dict
      "connection" (include "airflow.metadata.connection" . | fromYaml)
      "host" (printf "%s-pgbouncer.%s" (include "airflow.fullname" .) .Release.Namespace)
      "port" .Values.ports.pgbouncer
      "db" (include "airflow.pgbouncer.metadata" .)) }}
{{- else }}
{{- include "airflow.metadata.directUri" . }}
{{- end }}
{{- end }}

{{/* The database as KEDA names it. Argument: the root context. */}}
{{- define "airflow.keda.uri" -}}
{{- with .Values.data.metadataConnection }}
{{- if eq .protocol "mysql" }}{{ .user }}:{{ .pass }}@tcp({{ include "airflow.metadata.host" $ }}:{{ .port }})/{{ .db }}
{{- else }}{{ include "airflow.metadata.directUri" $ }}
{{- end }}
{{- end }}
{{- end }}

{{/* Settings of the result backend, as YAML: its own, else the metadata database's. Argument: the root context. */}}
{{- define "airflow.resultBackend.connection" -}}
{{- if .Values.data.resultBackendConnection }}{{ toYaml .Values.data.resultBackendConnection }}
{{- else }}{{ include "airflow.metadata.connection" . }}
{{- end }}
{{- end }}

{{/* URI of Celery's result backend. Argument: the root context. */}}
{{- define "airflow.resultBackend.uri" -}}
{{- $connection := include "airflow.resultBackend.connection" . | fromYaml }}
{{- if .Values.pgbouncer.enabled }}
{{- include "airflow.database.uri" (dict
      "prefix" "db+" "connection" $connection
      "host" (printf "%s-pgbouncer" (include "airflow.fullname" .))
      "port" .Values.ports.pgbouncer
      "db" (include "airflow.pgbouncer.resultBackend" .)) }}
{{- else }}
{{- include "airflow.database.uri" (dict
      "prefix" "db+" "connection" $connection
      "host" ($connection.host | default (include "airflow.postgresql.fullname" .))
      "port" $connection.port "db" $connection.db) }}
{{- end }}
{{- end }}

{{/* URI of Celery's broker. Argument: list root password (of the release's own Redis). */}}
{{- define "airflow.broker.uri" -}}
{{- $root := index . 0 }}
{{- if $root.Values.redis.enabled -}}
redis://:{{ index . 1 | urlquery | replace "+" "%20" }}@{{ include "airflow.fullname" $root }}-redis:{{ $root.Values.ports.redisDB }}/0
{{- else }}{{ $root.Values.data.brokerUrl }}
{{- end }}
{{- end }}

{{/* URI of Elasticsearch or OpenSearch. Argument: the section connection. */}}
{{- define "airflow.search.uri" -}}
{{- include "airflow.uri" (dict
      "scheme" (.scheme | default "http")
      "user" .user "pass" .pass
      "host" .host "port" (.port | default 9200)) }}
{{- end }}
