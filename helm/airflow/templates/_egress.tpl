{{/* Where pods of ours may open connections to: rules of a NetworkPolicy. Argument where nothing else is said: the root context. */}}

{{- define "airflow.egress.dns" -}}
- to:
    {{- toYaml .Values.tenancy.networkPolicy.dns | nindent 4 }}
  ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- end }}

{{/* One component of the release, from its own namespace. Argument: list root component port; and where wanted protocol. */}}
{{- define "airflow.egress.component" -}}
- to:
    -
      {{- include "airflow.peer" (list (index . 0) (index . 1)) | nindent 6 }}
  ports:
    - {port: {{ index . 2 }}, protocol: {{ if gt (len .) 3 }}{{ index . 3 }}{{ else }}TCP{{ end }}}
{{- end }}

{{/* Peers that the values name, at one port. Argument: dict to, port. */}}
{{- define "airflow.egress.peers" -}}
- to:
    {{- toYaml .to | nindent 4 }}
  ports:
    - {port: {{ .port }}, protocol: TCP}
{{- end }}

{{/* The database as Airflow uses it. */}}
{{- define "airflow.egress.database" -}}
{{- if .Values.pgbouncer.enabled }}{{ include "airflow.egress.component" (list . "pgbouncer" .Values.ports.pgbouncer) }}
{{- else }}{{ include "airflow.egress.databaseItself" . }}
{{- end }}
{{- end }}

{{/* The database, past PgBouncer: the release's own, else where platform.database says that it is. */}}
{{- define "airflow.egress.databaseItself" -}}
{{- if .Values.postgresql.enabled -}}
- to:
    - podSelector:
        matchLabels:
          {{- include "airflow.postgresql.selectorLabels" . | nindent 10 }}
  ports:
    - {port: 5432, protocol: TCP}
{{- else if .Values.platform.database.to }}{{ include "airflow.egress.peers" .Values.platform.database }}
{{- else }}{{ fail "\nplatform.database.to: is empty, so no job of the platform reaches the database outside this release: name it as a peer (ipBlock, namespaceSelector or podSelector)" }}
{{- end }}
{{- end }}
