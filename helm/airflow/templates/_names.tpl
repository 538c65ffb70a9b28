{{/* Every name of an object, in one place. Argument where nothing else is said: the root context. */}}

{{/* What the object names begin with. */}}
{{- define "airflow.fullname" -}}
{{- if .Values.useStandardNaming }}{{ include "airflow.standardName" . }}{{ else }}{{ .Release.Name | trunc 63 | trimSuffix "-" }}{{ end }}
{{- end }}

{{/* <release>-<chart>, or the release alone where it contains the chart's name already. */}}
{{- define "airflow.standardName" -}}
{{- $chart := .Values.nameOverride | default .Chart.Name }}
{{- $derived := ternary .Release.Name (printf "%s-%s" .Release.Name $chart) (contains $chart .Release.Name) }}
{{- .Values.fullnameOverride | default $derived | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The name *given*, else <fullname>-<suffix>. Argument: list root given suffix. */}}
{{- define "airflow.name.or" -}}
{{- index . 1 | default (printf "%s-%s" (include "airflow.fullname" (index . 0)) (index . 2)) }}
{{- end }}

{{/* Service account of a section of the values. Argument: dict root, values (holds serviceAccount), suffix. */}}
{{- define "airflow.serviceAccountName" -}}
{{- $account := .values.serviceAccount | default dict }}
{{- if $account.name }}{{ $account.name }}
{{- else if $account.create }}{{ include "airflow.standardName" .root }}-{{ .suffix }}
{{- else }}default
{{- end }}
{{- end }}

{{/* Secrets */}}
{{- define "airflow.secret.metadata" -}}{{ include "airflow.name.or" (list . .Values.data.metadataSecretName "metadata") }}{{ end }}
{{- define "airflow.secret.resultBackend" -}}{{ include "airflow.name.or" (list . .Values.data.resultBackendSecretName "result-backend") }}{{ end }}
{{- define "airflow.secret.brokerUrl" -}}{{ include "airflow.name.or" (list . .Values.data.brokerUrlSecretName "broker-url") }}{{ end }}
{{- define "airflow.secret.fernetKey" -}}{{ include "airflow.name.or" (list . .Values.fernetKeySecretName "fernet-key") }}{{ end }}
{{- define "airflow.secret.webserverKey" -}}{{ include "airflow.name.or" (list . .Values.webserverSecretKeySecretName "webserver-secret-key") }}{{ end }}
{{- define "airflow.secret.apiKey" -}}{{ include "airflow.name.or" (list . .Values.apiSecretKeySecretName "api-secret-key") }}{{ end }}
{{- define "airflow.secret.jwt" -}}{{ include "airflow.name.or" (list . .Values.jwtSecretName "jwt-secret") }}{{ end }}
{{- define "airflow.secret.redisPassword" -}}{{ include "airflow.name.or" (list . .Values.redis.passwordSecretName "redis-password") }}{{ end }}
{{- define "airflow.secret.pgbouncerConfig" -}}{{ include "airflow.name.or" (list . .Values.pgbouncer.configSecretName "pgbouncer-config") }}{{ end }}
{{- define "airflow.secret.pgbouncerCertificates" -}}{{ include "airflow.name.or" (list . nil "pgbouncer-certificates") }}{{ end }}
{{- define "airflow.secret.pgbouncerStats" -}}{{ include "airflow.name.or" (list . .Values.pgbouncer.metricsExporterSidecar.statsSecretName "pgbouncer-stats") }}{{ end }}
{{- define "airflow.secret.elasticsearch" -}}{{ include "airflow.name.or" (list . .Values.elasticsearch.secretName "elasticsearch") }}{{ end }}
{{- define "airflow.secret.opensearch" -}}{{ include "airflow.name.or" (list . .Values.opensearch.secretName "opensearch") }}{{ end }}
{{- define "airflow.secret.flower" -}}{{ include "airflow.name.or" (list . .Values.flower.secretName "flower") }}{{ end }}
{{- define "airflow.secret.registry" -}}{{ include "airflow.name.or" (list . .Values.registry.secretName "registry") }}{{ end }}
{{- define "airflow.secret.gitSshKey" -}}{{ include "airflow.name.or" (list . .Values.dags.gitSync.sshKeySecret "ssh-secret") }}{{ end }}
{{- define "airflow.secret.kerberosKeytab" -}}{{ include "airflow.name.or" (list . nil "kerberos-keytab") }}{{ end }}

{{/* Config maps */}}
{{- define "airflow.configMap.config" -}}{{ include "airflow.name.or" (list . nil "config") }}{{ end }}
{{- define "airflow.configMap.webserver" -}}{{ include "airflow.name.or" (list . .Values.webserver.webserverConfigConfigMapName "webserver-config") }}{{ end }}
{{- define "airflow.configMap.apiServer" -}}{{ include "airflow.name.or" (list . .Values.apiServer.apiServerConfigConfigMapName "api-server-config") }}{{ end }}
{{- define "airflow.configMap.statsd" -}}{{ include "airflow.name.or" (list . nil "statsd") }}{{ end }}

{{/* Volume claims */}}
{{- define "airflow.claim.dags" -}}{{ include "airflow.render" (list (include "airflow.name.or" (list . .Values.dags.persistence.existingClaim "dags")) .) }}{{ end }}
{{- define "airflow.claim.logs" -}}{{ include "airflow.render" (list (include "airflow.name.or" (list . .Values.logs.persistence.existingClaim "logs")) .) }}{{ end }}

{{/* Names by which values.yaml files written for the official chart call definitions of the chart. */}}
{{- define "airflow_dags" -}}{{ include "airflow.path.dags" . }}{{ end }}
{{- define "airflow_dags_mount_path" -}}{{ include "airflow.path.dagsMount" . }}{{ end }}
{{- define "airflow_logs" -}}{{ include "airflow.path.logs" . }}{{ end }}
{{- define "airflow_pod_template_file" -}}{{ .Values.airflowHome }}/pod_templates{{ end }}
{{- define "airflow_config_path" -}}{{ .Values.airflowHome }}/airflow.cfg{{ end }}
{{- define "airflow_local_setting_path" -}}{{ .Values.airflowHome }}/config/airflow_local_settings.py{{ end }}
{{- define "airflow_config" -}}{{ include "airflow.configMap.config" . }}{{ end }}
{{- define "airflow_image" -}}{{ include "airflow.image" . }}{{ end }}
{{- define "triggerer.capacity" -}}{{ include "airflow.triggerer.capacity" . }}{{ end }}
